"""The columns of the files of tariffs and of benefits, from which the published pages are rendered.

The shape is final: a new column is added with a default and none is ever reused for another meaning.
"""

from typing import Final

from tierce.kernel.feed import may, must
from tierce.policy.documents import DocumentKind

_DATE: Final = "date YYYY-MM-DD"
_CENTS: Final = "whole cents, 1 to 10000000"
_ITEM: Final = "text, 2 to 12 of A-Z 0-9"

TARIFFS: Final = (
    must("item", _ITEM, "OPTB1", "Code de l’acte ou de l’article.", "Code of the act or article."),
    must("domain", "code", "OPTI", "Domaine de soins.", "Domain of care."),
    must(
        "basket",
        "none | A | B",
        "B",
        "Panier : A pour le « 100 % Santé », B, ou none.",
        "Basket: A for “100 % Santé”, B, or none.",
    ),
    must(
        "base_cents",
        "whole cents, 0 to 10000000",
        "2000",
        "Base de remboursement d’une unité, en centimes.",
        "Base of reimbursement of one unit, in cents.",
    ),
    must(
        "rate_per_mille",
        "0 to 1000",
        "600",
        "Taux du régime obligatoire, en millièmes de la base.",
        "The compulsory scheme's rate, in thousandths of the base.",
    ),
    may(
        "ceiling_cents",
        _CENTS,
        "40000",
        "Prix limite d’une unité : ce qui le passe ne compte pas ; obligatoire en panier A.",
        "Price ceiling of one unit: what is beyond does not count; required in basket A.",
    ),
    must(
        "whole_tm",
        "yes | no",
        "yes",
        "Un contrat responsable en doit tout le ticket modérateur (R871-2 en excepte).",
        "A responsible contract owes its whole ticket modérateur (R871-2 makes exceptions).",
    ),
    may(
        "least_cents",
        _CENTS,
        "5000",
        "Ce qu’un contrat responsable paie au moins d’une unité, ticket modérateur compris.",
        "The least that a responsible contract pays for one unit, ticket modérateur in it.",
    ),
    may(
        "most_cents",
        _CENTS,
        "42000",
        "Ce qu’un contrat responsable paie au plus d’une unité, ticket modérateur compris.",
        "The most that a responsible contract pays for one unit, ticket modérateur in it.",
    ),
    must("label_fr", "text, 1 to 120", "Équipement simple", "Libellé en français.", "Label in French."),
    must("label_en", "text, 1 to 120", "Simple pair of glasses", "Libellé en anglais.", "Label in English."),
    must("valid_from", _DATE, "2026-01-01", "Premier jour de soins.", "First day of care."),
    may(
        "valid_until",
        _DATE,
        "2026-12-31",
        "Dernier jour de soins, compris ; vide : jusqu’à la ligne suivante.",
        "Last day of care, included; empty: until the next row.",
    ),
)
"""What items are worth, for every insurer: one line per item and first day."""

BENEFITS: Final = (
    must("amc", "8 to 10 digits", "99100001", "Numéro AMC de l’organisme.", "The insurer's AMC number."),
    must(
        "product_code",
        "text, 1 to 12",
        "CONFORT",
        "Formule, telle que décrite dans le fichier des organismes.",
        "Product, as described in the insurers' file.",
    ),
    must("domain", "code", "OPTI", "Domaine de soins.", "Domain of care."),
    may(
        "item",
        _ITEM,
        "OPTB1",
        "Un seul acte ou article, qui est au tarif ; vide : tous ceux du domaine qui n’ont pas leur ligne.",
        "One act or article, which has a tariff; empty: all those of the domain that have no line of their own.",
    ),
    must(
        "formula",
        "share_with | share_beyond | whole_tm | fixed | real",
        "fixed",
        "Part de la base, part obligatoire comprise ou en plus ; tout le ticket modérateur ; forfait ; frais réels.",
        "Share of the base, compulsory part in it or on top of it; the whole ticket modérateur; fixed; real cost.",
    ),
    may(
        "value",
        "1 to 1000 (per cent), or whole cents",
        "15000",
        "Le pourcentage d’une part, les centimes d’un forfait par unité ; vide pour les autres.",
        "The percentage of a share, the cents of a fixed amount for each unit; empty for the others.",
    ),
    may(
        "cap_cents",
        "whole cents, 1 to 100000000",
        "40000",
        "Montant au plus, par personne, pour tout ce que la ligne vise.",
        "The most, for a person, for all that the line is about.",
    ),
    may(
        "cap_count",
        "1 to 9999",
        "1",
        "Unités au plus, par personne, pour tout ce que la ligne vise.",
        "Units at most, for a person, for all that the line is about.",
    ),
    may(
        "cap_months",
        "1 to 60",
        "24",
        "Mois de suite sur lesquels compte le plafond ; obligatoire avec lui.",
        "Months in a row over which the cap counts; required with one.",
    ),
    must("valid_from", _DATE, "2026-01-01", "Premier jour de soins.", "First day of care."),
    may(
        "valid_until",
        _DATE,
        "2026-12-31",
        "Dernier jour de soins, compris ; vide : jusqu’à la ligne suivante.",
        "Last day of care, included; empty: until the next row.",
    ),
    may(
        "review_from_cents",
        "whole cents, 0 to 100000000",
        "80000",
        "À partir de ce montant sur une demande de prise en charge, l’organisme l’examine ; 0 : toujours.",
        "From so much on a request for an agreement, a person of the insurer reviews it; 0: always.",
    ),
    may(
        "documents",
        " | ".join(kind.code for kind in DocumentKind) + ", a space between",
        "prescription signed_quote",
        "Pièces auxquelles est subordonnée une prise en charge : ordonnance, devis signé, facture du fabricant.",
        "Documents to which a prior agreement is subject: prescription, signed quote, maker's invoice.",
    ),
)
"""What products give: one line per product, domain or item, and first day."""

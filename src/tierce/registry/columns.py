"""The columns of the insurers' files, from which the published pages are rendered.

The shape is final: a new column is added with a default and none is ever reused for another meaning.
"""

from typing import Final

from tierce.kernel.feed import may, must

_NIR: Final = "NIR, 15 characters with key"
_BIRTH: Final = "8 raw digits YYYYMMDD"
_RANK: Final = "1 to 9"
_DATE: Final = "date YYYY-MM-DD"
_MEMBER: Final = "text, 1 to 20 of A-Z 0-9 -"
_ROUTE: Final = "text, 1 to 10 of A-Z 0-9 -"

RIGHTS: Final = (
    must(
        "record_kind",
        "current | correction",
        "current",
        "« current » : l’état présent d’un droit ; « correction » : le même, quand les identifiants transmis "
        "auparavant étaient faux.",
        "The present state of a right, or the same when identifiers sent earlier were wrong.",
    ),
    must(
        "effective_on",
        _DATE,
        "2026-01-01",
        "Jour où l’état décrit est vrai : d’ordinaire celui de l’envoi, même si le changement est passé.",
        "Day on which the state described is true: usually that of sending, even where the change is past.",
    ),
    must(
        "amc",
        "8 to 10 digits",
        "99100001",
        "Numéro AMC de l’organisme qui envoie.",
        "AMC number of the sending insurer.",
    ),
    must(
        "member_number",
        _MEMBER,
        "A-0000417",
        "Numéro d’adhérent du bénéficiaire, propre à l’organisme.",
        "The beneficiary's member number, the insurer's own.",
    ),
    must(
        "holder_member_number",
        _MEMBER,
        "A-0000415",
        "Numéro d’adhérent du titulaire du contrat ; le sien si c’est lui.",
        "Member number of the contract's holder; the same for the holder.",
    ),
    must("contract_number", _MEMBER, "C-0000131", "Numéro du contrat.", "Contract number."),
    must(
        "product_code",
        "text, 1 to 12",
        "CONFORT",
        "Formule, telle que décrite dans le fichier des organismes.",
        "Product, as described in the insurers' file.",
    ),
    must(
        "relationship",
        "holder | spouse | partner | child | ascendant | other",
        "child",
        "Qualité du bénéficiaire au regard du titulaire.",
        "What the beneficiary is to the holder.",
    ),
    must(
        "right_holder_nir",
        _NIR,
        "(invented)",
        "NIR de l’ouvrant droit, sous lequel les soins sont remboursés.",
        "NIR of the rights holder, under whom care is reimbursed.",
    ),
    may(
        "own_nir",
        _NIR,
        "(invented)",
        "NIR propre du bénéficiaire, s’il est connu.",
        "The beneficiary's own NIR, when known.",
    ),
    must(
        "ins_oid",
        "OID",
        "1.2.250.1.213.1.4.10",
        "Domaine de l’INS ; …4.10 et …4.11 sont réservés aux personnes inventées, …4.8 et …4.9 aux vraies.",
        "Domain of the INS; ….10 and ….11 are for invented people, ….8 and ….9 for real ones.",
    ),
    must(
        "birth_date",
        _BIRTH,
        "19840512",
        "Date de naissance brute ; un jour ou un mois impossible (date lunaire) est admis.",
        "Raw birth date; an impossible day or month (lunar date) is accepted.",
    ),
    must(
        "birth_rank",
        _RANK,
        "1",
        "Rang gémellaire ou rang de bénéficiaire.",
        "Rank of birth or of beneficiary.",
    ),
    must("sex", "M | F", "F", "Sexe à l’état civil.", "Sex in the civil register."),
    must("family_name", "text, 1 to 80", "MARCHAND", "Nom de naissance.", "Family name at birth."),
    may("used_name", "text, 1 to 80", "LENOIR", "Nom d’usage, s’il diffère.", "Name in use, when different."),
    must(
        "given_names",
        "text, 1 to 100",
        "SOPHIE ANNE",
        "Prénoms, dans l’ordre de l’état civil, séparés par une espace.",
        "Given names in the order of the civil register, separated by a space.",
    ),
    must(
        "birth_place",
        "5 characters",
        "90955",
        "Code officiel géographique du lieu de naissance.",
        "Official geographic code of the place of birth.",
    ),
    may(
        "card_nir",
        _NIR,
        "(invented)",
        "NIR imprimé sur la carte de tiers payant, s’il diffère.",
        "NIR printed on the insurer's card, when different.",
    ),
    may(
        "card_birth_date",
        _BIRTH,
        "19840512",
        "Date de naissance imprimée sur cette carte, si elle diffère.",
        "Birth date printed on that card, when different.",
    ),
    may(
        "card_birth_rank",
        _RANK,
        "2",
        "Rang imprimé sur cette carte, s’il diffère.",
        "Rank printed on that card.",
    ),
    may(
        "vitale_nir",
        _NIR,
        "(invented)",
        "NIR lu sur la carte Vitale, s’il diffère.",
        "NIR read from the carte Vitale, when different.",
    ),
    may(
        "vitale_birth_date",
        _BIRTH,
        "19840500",
        "Date de naissance lue sur la carte Vitale, si elle diffère.",
        "Birth date read from the carte Vitale, when different.",
    ),
    may(
        "vitale_birth_rank",
        _RANK,
        "2",
        "Rang lu sur la carte Vitale, s’il diffère.",
        "Rank read from the carte Vitale, when different.",
    ),
    may(
        "representative_member_number",
        _MEMBER,
        "A-0000415",
        "Numéro d’adhérent du représentant légal d’un mineur ou d’un majeur protégé.",
        "Member number of the legal representative of a minor or protected adult.",
    ),
    must(
        "domains",
        "codes separated by a space",
        "MEDG PHAR OPTI",
        "Domaines couverts.",
        "Domains of care covered.",
    ),
    must("covered_from", _DATE, "2026-01-01", "Premier jour couvert.", "First day covered."),
    must("covered_until", _DATE, "2026-12-31", "Dernier jour couvert, compris.", "Last day covered, included."),
    must(
        "priority",
        "1 | 2",
        "1",
        "1 : premier organisme à payer ; 2 : second.",
        "1: first insurer to pay; 2: second.",
    ),
    must(
        "status",
        "active | ended | future",
        "active",
        "État du droit à la date d’effet ; doit s’accorder avec les dates.",
        "State of the right on the effective day; must agree with the dates.",
    ),
    must(
        "former_member",
        "yes | no",
        "no",
        "Ancien adhérent, à informer encore en cas de violation.",
        "Former member, still to be told of a breach.",
    ),
    may(
        "left_on",
        _DATE,
        "2025-06-30",
        "Date de départ ; obligatoire pour un ancien adhérent.",
        "Day of leaving; required for a former member.",
    ),
    may(
        "corrects_nir",
        _NIR,
        "(invented)",
        "NIR transmis à tort, pour une correction.",
        "NIR sent by mistake, for a correction.",
    ),
    may(
        "corrects_birth_date",
        _BIRTH,
        "19840521",
        "Date de naissance transmise à tort, pour une correction.",
        "Birth date sent by mistake, for a correction.",
    ),
    may(
        "corrects_birth_rank",
        _RANK,
        "1",
        "Rang transmis à tort, pour une correction.",
        "Rank sent by mistake, for a correction.",
    ),
    may(
        "provisional_nir",
        _NIR,
        "(invented)",
        "NIA ou NIR provisoire sous lequel la personne fut transmise : il mène toujours à elle.",
        "Waiting or provisional number under which she was sent before: it still leads to her.",
    ),
    may(
        "card_amc",
        "8 to 10 digits",
        "99100900",
        "Numéro AMC imprimé sur sa carte, s’il n’est pas celui de l’organisme.",
        "AMC number printed on her card, when it is not the insurer's own.",
    ),
    may(
        "convention",
        _ROUTE,
        "EX",
        "Type de convention du contrat, tel que la carte l’imprime.",
        "Type of convention of the contract, as her card prints it.",
    ),
    may(
        "csr",
        _ROUTE,
        "003",
        "Critère secondaire de routage (CSR), tel que la carte l’imprime.",
        "Secondary routing criterion (CSR), as her card prints it.",
    ),
)
"""The rights feed of one insurer: one line per beneficiary."""

INSURERS: Final = (
    must("amc", "8 to 10 digits", "99100001", "Numéro AMC.", "AMC number."),
    must("name", "text, 1 to 120", "Mutuelle du Grand Chêne", "Nom de l’organisme.", "The insurer's name."),
    may(
        "contact_email",
        "e-mail",
        "dpo@grand-chene.example",
        "Adresse où notifier une violation.",
        "Address to which a breach is notified.",
    ),
    must(
        "operator_sends",
        "yes | no",
        "no",
        "Mandat écrit : l’opérateur écrit lui-même aux assurés.",
        "Written mandate: the operator writes to the insured itself.",
    ),
    must("product_code", "text, 1 to 12", "CONFORT", "Code de la formule.", "Product code."),
    must("product_name", "text, 1 to 120", "Confort", "Nom de la formule.", "Product name."),
    must("responsible", "yes | no", "yes", "Contrat responsable.", "« Responsable » contract."),
    must("domain", "code", "OPTI", "Domaine de soins.", "Domain of care."),
    must(
        "formula_fr",
        "text, 1 to 200",
        "100 % du tarif de base, part obligatoire comprise",
        "Garantie, en français ; un pourcentage dit si la part obligatoire y est comprise.",
        "Guarantee, in French; a percentage says whether the compulsory scheme's part is in it.",
    ),
    must(
        "formula_en",
        "text, 1 to 200",
        "100% of the base tariff, compulsory part included",
        "La même, en anglais.",
        "The same in English.",
    ),
    may(
        "card_amc",
        "8 to 10 digits",
        "99100900",
        "Numéro AMC qu’impriment ses cartes, s’il n’est pas le sien ; plusieurs organismes peuvent partager le même.",
        "AMC number that its cards print, when it is not its own; several insurers may share one.",
    ),
    may(
        "csr",
        "codes separated by a space",
        "003 017",
        "Les CSR de ses cartes, sous ce numéro : obligatoires dès qu’un autre organisme l’imprime aussi sans CSR.",
        "The CSRs on its cards under that number: required once another insurer prints it without any.",
    ),
    may(
        "engagement_days",
        "0 to 183",
        "60",
        "Jours pendant lesquels un numéro d’engagement garantit le paiement, s’ils sont moins que ceux du domaine.",
        "Days within which an engagement number guarantees the payment, when they are fewer than the domain's.",
    ),
)
"""Insurers, their products and guarantees: one line per product and domain."""

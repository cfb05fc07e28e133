"""The sections, fields and coded words of the CNIL's online notification.

Rebuilt from the CNIL's outline of notifications (July 2023) as its users published it, and from the dictionaries of
an open-source register (5 March 2024); read November 2026. The service may have changed since: the labels are those
to look for, and whoever copies compares. Labels that end in “…” were published shortened.
"""

from collections.abc import Mapping

from tierce.incidents.form.model import Field, FieldKind, FormType
from tierce.kernel.language import Phrase

SCHEMA_VERSION = "2024-03-05"

SECTIONS: tuple[Phrase, ...] = (
    Phrase("Type de notification", "Type of notification"),
    Phrase("Organisme", "Organisation"),
    Phrase("Représentant légal", "Legal representative"),
    Phrase("Personne à contacter", "Contact person"),
    Phrase("Autres organismes impliqués", "Other bodies involved"),
    Phrase("Dates de la violation", "Dates of the breach"),
    Phrase("À propos de la violation", "About the breach"),
    Phrase("Données et personnes concernées", "Data and people concerned"),
    Phrase("Mesures de sécurité avant la violation", "Security measures before the breach"),
    Phrase("Conséquences potentielles", "Potential consequences"),
    Phrase("Préjudices potentiels et gravité", "Potential harms and gravity"),
    Phrase("Mesures prises après la violation", "Measures taken after the breach"),
    Phrase("Communication aux personnes", "Communication to people"),
    Phrase("Aspects transfrontaliers et autres notifications", "Cross-border aspects, other notifications"),
)

TYPES: Mapping[str, str] = {
    FormType.INITIAL.value: "Notification initiale",
    FormType.COMPLEMENT.value: "Notification complémentaire",
    FormType.COMPLETE.value: "Notification complète",
}
NATURE = {
    "confidentialite": "Perte de la confidentialité",
    "integrite": "Perte de l’intégrité",
    "disponibilite": "Perte de la disponibilité",
}
ORIGIN = {
    "equipement": "Équipement perdu ou volé",
    "papier": "Papier perdu, volé ou laissé accessible…",
    "courrier": "Courrier perdu ou ouvert…",
    "piratage": "Piratage, logiciel malveillant (par exemple rançongiciel) et/ou hameçonnage",
    "rebut-papier": "Mise au rebut de documents papier…",
    "rebut-numerique": "Mise au rebut d’appareils numériques…",
    "publication": "Publication non volontaire d’informations",
    "portail": "Données de la mauvaise personne affichées sur le portail du client",
    "destinataire": "Données personnelles envoyées à un mauvais destinataire",
    "verbale": "Informations divulguées de façon verbale",
    "autre": "Autre",
    "inconnue": "Ne sait pas",
}
CAUSE = {
    "interne-malveillant": "Acte interne malveillant",
    "interne-accidentel": "Acte interne accidentel",
    "externe-malveillant": "Acte externe malveillant",
    "externe-accidentel": "Acte externe accidentel",
    "autre": "Autre",
    "inconnu": "Inconnu",
}
CERTAINTY = {"etablie": "Violation établie", "supposee": "Violation supposée"}
DATA = {
    "etat-civil": "État civil",
    "nir": "NIR",
    "coordonnees": "Coordonnées",
    "identification": "Identification ou accès",
    "financieres": "Données financières ou économiques",
    "documents": "Documents officiels",
    "localisation": "Données de localisation",
    "infractions": "Infractions, condamnations",
    "inconnues": "Données pas connues pour le moment",
    "autres": "Autres",
}
SENSITIVE = {
    "origine": "Origine",
    "politique": "Opinions politiques",
    "religion": "Convictions philosophiques ou religieuses",
    "syndicale": "Appartenance syndicale",
    "orientation": "Orientation sexuelle",
    "sante": "Santé",
    "biometriques": "Données biométriques",
    "genetiques": "Données génétiques",
}
PEOPLE = {
    "employes": "Employés",
    "utilisateurs": "Utilisateurs",
    "adherents": "Adhérents",
    "etudiants": "Étudiants, élèves",
    "militaires": "Militaires",
    "clients": "Clients",
    "patients": "Patients",
    "mineurs": "Mineurs",
    "vulnerables": "Personnes vulnérables",
    "inconnues": "Pas déterminé",
    "autres": "Autres",
}
CONSEQUENCES = {
    "diffusees": "Données diffusées plus que nécessaire, qui échappent à la maîtrise des personnes",
    "correlees": "Données corrélées avec d’autres informations",
    "detournees": "Données exploitées à d’autres fins ou de façon non loyale",
}
HARMS = {
    "controle": "Perte de contrôle sur ses données",
    "droits": "Limitation des droits",
    "discrimination": "Discrimination",
    "identite": "Vol d’identité",
    "fraude": "Fraude",
    "pseudonymisation": "Levée de la pseudonymisation",
    "financieres": "Pertes financières",
    "reputation": "Atteinte à la réputation",
    "secret": "Atteinte au secret professionnel",
    "autre": "Autre",
}
GRAVITY = {"negligeable": "Négligeable", "limite": "Limité", "important": "Important", "maximal": "Maximal"}
TOLD = {
    "oui": "Oui, les personnes ont été informées",
    "seront": "Non, mais elles le seront",
    "non": "Non, elles ne le seront pas",
    "indetermine": "Non déterminé",
}
NOT_TOLD = {
    "faible": "Le risque est faible",
    "illisible": "Des mesures rendent les données illisibles",
    "ecarte": "L’accès est coupé, le risque est écarté",
    "effort": "L’effort serait disproportionné",
}

_T, _L, _C, _M, _AT, _N, _B = (
    FieldKind.TEXT, FieldKind.LONG, FieldKind.CHOICE, FieldKind.MANY, FieldKind.MOMENT, FieldKind.COUNT,
    FieldKind.YES_NO,
)  # fmt: skip


def _field(
    key: str, section: int, fr: str, en: str, kind: FieldKind, words: Mapping[str, str] | None = None
) -> Field:
    return Field(key, section, Phrase(fr, en), kind, words, always=key in _ALWAYS)


_ALWAYS = {"type", "organisation", "aware", "nature", "contact_email"}

FIELDS: tuple[Field, ...] = (
    _field("type", 1, "Type", "Type", _C, TYPES),
    _field("first_reference", 1, "Référence de la notification initiale", "Reference of the first notification", _T),
    _field("siren", 2, "SIREN", "SIREN", _T),
    _field("organisation", 2, "Nom de l’organisme", "Name of the organisation", _T),
    _field("vat", 2, "Numéro de TVA", "VAT number", _T),
    _field("sector", 2, "Secteur d’activité", "Sector", _T),
    _field("headcount", 2, "Effectif", "Headcount", _T),
    _field("address", 2, "Adresse, code postal, ville, pays", "Address, postcode, town, country", _L),
    _field("representative", 3, "Civilité, nom et prénom", "Title, name and first name", _T),
    _field("representative_email", 3, "Adresse électronique", "E-mail", _T),
    _field("contact_dpo", 4, "Est‑ce le délégué à la protection des données ?", "Is it the DPO?", _B),
    _field("contact", 4, "Civilité, nom et prénom", "Title, name and first name", _T),
    _field("contact_function", 4, "Fonction", "Function", _T),
    _field("contact_email", 4, "Adresse électronique", "E-mail", _T),
    _field("contact_phone", 4, "Téléphone", "Phone", _T),
    _field("processors", 5, "Sous‑traitants", "Processors", _L),
    _field("joint_controllers", 5, "Responsables conjoints", "Joint controllers", _L),
    _field("begun", 6, "Début de la violation", "Start of the breach", _AT),
    _field("ended", 6, "Fin de la violation", "End of the breach", _AT),
    _field("ongoing", 6, "Est‑elle encore en cours ?", "Is it still going on?", _B),
    _field("aware", 6, "Date et heure de la prise de connaissance", "Date and time of awareness", _AT),
    _field("date_comments", 6, "Commentaires sur les dates", "Comments on the dates", _L),
    _field("discovery", 6, "Circonstances de la découverte", "Circumstances of discovery", _L),
    _field("delay_reasons", 6, "Motifs du retard au delà de 72 heures", "Reasons for delay past 72 hours", _L),
    _field("nature", 7, "Nature de la violation", "Nature of the breach", _M, NATURE),
    _field("certainty", 7, "Établie ou supposée", "Established or supposed", _C, CERTAINTY),
    _field("origin", 7, "Origine", "Origin", _C, ORIGIN),
    _field("cause", 7, "Cause", "Cause", _C, CAUSE),
    _field("description", 7, "Description", "Description", _L),
    _field("data", 8, "Catégories de données", "Categories of data", _M, DATA),
    _field("sensitive", 8, "Données sensibles", "Sensitive data", _M, SENSITIVE),
    _field("records", 8, "Nombre approximatif d’enregistrements", "Approximate number of records", _N),
    _field("people", 8, "Catégories de personnes", "Categories of people", _M, PEOPLE),
    _field("people_count", 8, "Nombre approximatif de personnes", "Approximate number of people", _N),
    _field("measures_before", 9, "Mesures en place avant", "Measures in place before", _L),
    _field("consequences", 10, "Perte de confidentialité", "Loss of confidentiality", _M, CONSEQUENCES),
    _field("consequences_integrity", 10, "Perte d’intégrité", "Loss of integrity", _L),
    _field("consequences_availability", 10, "Perte de disponibilité", "Loss of availability", _L),
    _field("harms", 11, "Préjudices", "Harms", _M, HARMS),
    _field("gravity", 11, "Niveau de gravité", "Gravity", _C, GRAVITY),
    _field(
        "measures_after", 12, "Mesures techniques et organisationnelles", "Technical, organisational measures", _L
    ),
    _field("told", 13, "Les personnes ont‑elles été informées ?", "Have people been told?", _C, TOLD),
    _field("told_at", 13, "Date, faite ou prévue", "Date, done or planned", _AT),
    _field("told_how", 13, "Par quel moyen", "By which means", _T),
    _field("told_count", 13, "Nombre de personnes informées", "Number of people told", _N),
    _field("not_told_why", 13, "Motif si elles ne le seront pas", "Reason if they will not be", _C, NOT_TOLD),
    _field("other_states", 14, "Personnes d’autres États membres", "People of other member states", _B),
    _field("other_authorities", 14, "Notifiée à d’autres autorités", "Notified to other authorities", _B),
    _field("other_bodies", 14, "Notifiée à d’autres organismes", "Notified to other bodies", _B),
)
"""In the order of the service."""

BY_KEY: Mapping[str, Field] = {field.key: field for field in FIELDS}

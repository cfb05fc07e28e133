"""What the notices slice refuses, in French: an error's own text is the English."""

from typing import Final

from tierce.incidents.errors import ScopeMissingError
from tierce.notices import errors

FRENCH: Final[dict[type[BaseException], str]] = {
    ScopeMissingError: "Aucune liste des personnes exposées n’est tirée pour cet incident : tirez-la d’abord.",
    errors.IncidentNotAwareError: "La violation n’est pas établie : écrivez quand, par qui et pourquoi elle l’est.",
    errors.AudienceMissingError: "Personne n’est encore désigné : lancez `tierce notice audience`.",
    errors.AudienceEmptyError: "La liste ne nomme personne : il n’y a personne à qui écrire.",
    errors.AudienceStaleError: "Une liste plus récente existe : figez de nouveau les destinataires.",
    errors.DoubtsLeftError: "Des messages sont en doute : relancez `tierce notice send`, puis figez de nouveau.",
    errors.MessageMissingError: "Aucun texte n’est écrit : écrivez-le sur la page des messages de l’incident.",
    errors.NotApprovedError: "Deux personnes n’ont pas approuvé ces destinataires et ce texte : rien ne part.",
    errors.SendingStoppedError: "Les envois de cet incident sont arrêtés : reprenez-les sur la page des messages.",
    errors.AlreadySendingError: "Un autre processus envoie déjà les messages de cet incident.",
    errors.LoanEndedError: "Ce que cet organisme avait prêté est supprimé : plus rien n’est pris pour lui.",
    errors.LoanNeededError: (
        "Des messages ou des lettres attendent ces coordonnées : envoyez-les,"
        " ou terminez le mandat et figez de nouveau."
    ),
    errors.FileRefusedError: "Ce fichier ne se lit pas comme il faut : rien n’en est pris.",
}

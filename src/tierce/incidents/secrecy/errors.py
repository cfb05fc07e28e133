"""Why keeping persons from being told of an incident is refused."""

from tierce.incidents.errors import IncidentError


class SecrecyRefusedError(IncidentError):
    """Nothing waits to be confirmed or ended, it is one's own, or somebody changed it meanwhile."""

    in_french = "Rien n’attend d’être confirmé ou fini, c’est le vôtre, ou quelqu’un l’a changé entre-temps."

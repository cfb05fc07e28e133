"""Another operator's word that an identity was stolen: the door by which it becomes an accusation."""

"""Holding an account or a device, lifting a hold, ending a session: by a person, with a reason, in the journal."""

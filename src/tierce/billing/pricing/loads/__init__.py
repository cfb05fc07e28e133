"""Taking in the files of tariffs and of benefits."""

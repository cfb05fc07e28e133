"""The end of data that is past its duration: the job and the page, both from policy/retention.py."""

"""What staff read of the watch: evidence against an account, what nothing explains, who is at the limit together."""

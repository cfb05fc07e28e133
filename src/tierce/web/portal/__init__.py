"""The professionals' portal: renders pages and relays what the browser's own key has signed; asks nothing itself."""

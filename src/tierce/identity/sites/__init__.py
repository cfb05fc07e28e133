"""Sessions of the sites that are OIDC clients themselves: bound to a key of the browser that signed in."""

"""The gate's own rules driven without a database: one login-device at a time, or a country of them."""

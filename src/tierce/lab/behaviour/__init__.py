"""How honest professionals ask: documented numbers, a calendar, and days drawn from them."""

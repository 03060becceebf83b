"""Tables, transactions and one repository per aggregate; the only code that speaks SQL."""

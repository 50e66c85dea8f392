"""Changes of settings that are tried on the golden questions first, and the policy that says so."""

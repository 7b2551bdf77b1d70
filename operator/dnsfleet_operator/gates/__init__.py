"""What gates are told: the TSIG keys that TsigKeys and their Secrets describe, in one Secret."""

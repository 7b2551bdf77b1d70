"""Checks of what a zone may say and its owner may not mean; each gives warnings, never an error.

The engine refuses what breaks a zone. What is here is well-formed and still mostly a mistake: a
target without the dot at its end, a mail server that does not exist, two SPF records.

Records are looked at with the places where people wrote them, against the zone that they became
part of. The zone of a file and the RecordSets that add to it are read at different moments, and the
zone of a file is kept and not read again. So only the doubtful records of a file are kept with it:
those about which there is something to say while no RecordSet has added anything. They are looked
at again with the RecordSets, which may have what was missing. The other records of the file stay
right, whatever is added: what exists stays, and stays of the type that it has.
"""

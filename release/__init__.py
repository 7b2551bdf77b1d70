"""What strangers install, made so that anyone can make it again and get the same octets.

    commit ──► wheels, sdists ──► images (OCI archives) ──► chart, with the digests of the images
                                                   └──────► bills of materials (SPDX)
    all of it ──► provenance (in-toto, SLSA), SHA256SUMS

`make dist` makes it, `make publish` publishes and signs it; a workflow calls both and nothing else.
The octets depend on the commit, the base image by its digest, and the versions of the tools, which
the provenance names. They do not depend on the clock, the folder, or what was built before:

* One moment counts as "now" everywhere: that of the commit (SOURCE_DATE_EPOCH).
* Build backends come from the lock file, and so do all libraries in the images, with hashes.
* The compiler is told other names for the folders of this machine, since panics tell of files.
* Files in an image have that one moment as their time. Byte code of Python says by a time which
  source it is of; here it says so by a hash of the source.
* Archives are written here (`archives.py`), in order, where `helm package` and `buildah push` would
  note the time.

The chart that is published names its images by digest, so who trusts the chart (its signature, or a
digest in Git) has what it was tested with, whatever is pushed to the registry later.
"""

"""What decides a run besides its arm: the code of the task and everything it refers to, in memory and in its files.

Of `lrlab.lab.identity.identity` is the one question, `identity_of(training)`; the other files answer its parts.
"""

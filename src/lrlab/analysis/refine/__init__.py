"""The schedule that the gradient norms of one run ask for: closed form, artefact of the weight norm, refinement."""

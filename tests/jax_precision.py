"""JAX in 64 bits, under every release that lrlab supports."""


def in_64_bits():
    """A context in which JAX computes in 64 bits; older releases have it in `jax.experimental`."""
    import jax

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64

    return enable_x64()

package io.sppostream.rollout;

/** Random seeds of responses. They depend on run, request and sample, and never on thread or batch. */
public final class Seeds {
    private Seeds() {}

    /** The seed of a response. */
    public static long of(long runSeed, String requestId, int sampleIndex) {
        long hash = mix(runSeed + 0x9E3779B97F4A7C15L);
        for (int i = 0; i < requestId.length(); i++) {
            hash = mix(hash ^ requestId.charAt(i));
        }
        return mix(hash ^ sampleIndex);
    }

    /** The finalizer of SplittableRandom (Stafford's variant 13): every input bit moves every output bit. */
    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}

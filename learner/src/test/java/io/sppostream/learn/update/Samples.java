package io.sppostream.learn.update;

import io.sppostream.model.TokenSequence;

/** Policy samples for tests of functions that read no tokens. */
final class Samples {
    private Samples() {}

    /**
     * A sample of zero tokens.
     *
     * @param mask a character for each token: + if it carries loss
     */
    static PolicySample of(String requestId, String mask, double[] advantages, double... behaviourLogProbs) {
        int length = mask.length();
        float[] behaviour = new float[length];
        boolean[] trained = new boolean[length];
        for (int t = 0; t < length; t++) {
            behaviour[t] = (float) behaviourLogProbs[t];
            trained[t] = mask.charAt(t) == '+';
        }
        return new PolicySample(
                requestId + "/0",
                requestId,
                new TokenSequence(new int[1], new int[length]),
                behaviour,
                advantages,
                trained);
    }
}

package io.sppostream.model;

/** The clipped policy loss of the SPPO paper on one sequence, token mean over a batch; here only to have a real loss. */
record SppoLoss(double value, float[] gradient) {

    static SppoLoss of(
            float[] logProbs, float[] behaviour, double advantage, double clip, double dualClip, int batchTokens) {
        double value = 0;
        float[] gradient = new float[logProbs.length];
        for (int t = 0; t < logProbs.length; t++) {
            double ratio = Math.exp(Math.max(-20, Math.min(20, logProbs[t] - behaviour[t])));
            double free = -advantage * ratio;
            double clipped = -advantage * Math.max(1 - clip, Math.min(1 + clip, ratio));
            double loss = Math.max(free, clipped);
            double slope = free >= clipped ? free : 0;
            if (advantage < 0 && loss > -dualClip * advantage) {
                loss = -dualClip * advantage;
                slope = 0;
            }
            value += loss / batchTokens;
            gradient[t] = (float) (slope / batchTokens);
        }
        return new SppoLoss(value, gradient);
    }
}

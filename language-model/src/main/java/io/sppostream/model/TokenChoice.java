package io.sppostream.model;

import java.util.Arrays;
import java.util.stream.IntStream;

/** Selects a token from a distribution. Stateless. */
final class TokenChoice {

    private TokenChoice() {}

    /** The most probable token; the first of several. */
    static int best(float[] distribution) {
        int best = 0;
        for (int i = 1; i < distribution.length; i++) {
            if (distribution[i] > distribution[best]) {
                best = i;
            }
        }
        return best;
    }

    /**
     * Draws a token by inversion.
     *
     * @param probabilities [vocabulary], with a sum of about 1
     * @param topP keep the smallest set of most probable tokens whose mass reaches it; 1 is off
     * @param topK keep this many of the most probable tokens; 0 is off. With both, topK applies first, then topP to the
     *     mass that remains
     * @param uniform in [0, 1)
     */
    static int draw(float[] probabilities, double topP, int topK, double uniform) {
        if (topP == 1 && (topK == 0 || topK >= probabilities.length)) {
            double total = 0;
            for (float p : probabilities) {
                total += p;
            }
            double left = uniform * total;
            int last = 0;
            for (int i = 0; i < probabilities.length; i++) {
                if (probabilities[i] > 0) {
                    last = i;
                    left -= probabilities[i];
                    if (left < 0) {
                        return i;
                    }
                }
            }
            // Rounding may leave a trace of mass, which goes to the last token with a positive probability.
            return last;
        }
        int[] order = IntStream.range(0, probabilities.length)
                .boxed()
                .sorted((a, b) -> Float.compare(probabilities[b], probabilities[a]))
                .mapToInt(Integer::intValue)
                .toArray();
        int kept = topK == 0 ? order.length : Math.min(topK, order.length);
        double mass = 0;
        for (int i = 0; i < kept; i++) {
            mass += probabilities[order[i]];
        }
        double nucleus = 0;
        for (int i = 0; i < kept; i++) {
            nucleus += probabilities[order[i]];
            if (nucleus >= topP * mass) {
                kept = i + 1;
            }
        }
        float[] restricted = new float[probabilities.length];
        Arrays.stream(order, 0, kept).forEach(token -> restricted[token] = probabilities[token]);
        return draw(restricted, 1, 0, uniform);
    }
}

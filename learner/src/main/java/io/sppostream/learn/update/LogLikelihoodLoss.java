package io.sppostream.learn.update;

/**
 * The negative log-likelihood of a token, {@code L = -logp}, with the derivative -1 (supervised learning on selected
 * responses, as ReST-EM does, arXiv 2312.06585). Neither the advantage nor the policy that sampled the token matters. The
 * likelihood is that of the sampling distribution, softmax(logits / temperature).
 */
record LogLikelihoodLoss() implements TokenObjective {
    @Override
    public double loss(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return -logProb;
    }

    @Override
    public double gradient(double logProb, double proximalLogProb, double behaviourLogProb, double advantage) {
        return -1;
    }
}

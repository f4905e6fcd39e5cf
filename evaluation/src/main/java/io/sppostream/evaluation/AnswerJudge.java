package io.sppostream.evaluation;

import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.UserException;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.MathVerifier;
import io.sppostream.verify.RunningVerifier;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;

/** The verifier of a benchmark's responses, and its equality of answers. Thread-safe. */
public final class AnswerJudge implements AutoCloseable {
    private final ConfiguredVerifier verifier;
    private final RunningVerifier running;

    /** @throws UserException if the verifier is a program of its own, which cannot be asked without a log */
    public AnswerJudge(ConfiguredVerifier verifier) {
        if (verifier.place() instanceof Place.External) {
            throw new UserException("verifier " + verifier.name()
                    + " is a program of its own, which evaluations cannot ask: choose another with --verifier");
        }
        this.verifier = verifier;
        this.running = verifier.start();
    }

    /** The verifier's name. */
    public String name() {
        return verifier.name();
    }

    /** The version of the verifier's rules. */
    public String version() {
        return verifier.version();
    }

    CompletableFuture<Judgement> judge(Rollout rollout) {
        return running.judge(rollout);
    }

    /**
     * The equality by which answers vote together: that of the verifier if it compares mathematics, and that of texts
     * otherwise.
     */
    BiPredicate<String, String> equality() {
        if (verifier.place() instanceof Place.Inline inline && inline.verifier() instanceof MathVerifier math) {
            return (one, other) -> math.judgePrediction(one, other).status() == VerdictStatus.CORRECT;
        }
        return String::equals;
    }

    @Override
    public void close() {
        running.close();
    }
}

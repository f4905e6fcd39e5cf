package io.sppostream.verify;

import io.sppostream.events.Rollout;
import java.util.concurrent.CompletableFuture;

/**
 * A verifier at work, with its threads or connections. Judgements complete in any order, and every one completes,
 * whatever the verifier does.
 */
public interface RunningVerifier extends AutoCloseable {
    /**
     * Judges one rollout.
     *
     * @return the judgement; fails only for a reason that a person must fix before anything can be judged
     */
    CompletableFuture<Judgement> judge(Rollout rollout);

    /** Releases threads and connections without waiting for judgements in progress. */
    @Override
    void close();
}

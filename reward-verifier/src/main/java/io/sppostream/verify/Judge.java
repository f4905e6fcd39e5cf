package io.sppostream.verify;

import io.sppostream.events.Rollout;
import java.util.concurrent.CompletableFuture;

/** A verifier at work. Judgements come when they are ready, in any order; each comes, whatever the verifier does. */
public interface Judge extends AutoCloseable {
    /** The judgement of one rollout. Fails only with what a person has to mend before anything can be judged. */
    CompletableFuture<Judgement> judge(Rollout rollout);

    /** Lets go of threads and connections; what is under way is not waited for. */
    @Override
    void close();
}

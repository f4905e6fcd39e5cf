package io.sppostream.evaluation;

import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import java.util.List;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/** Answers the prompts of an evaluation. */
public interface ResponseSource extends AutoCloseable {

    /** Name of the model, for tables and folders. */
    String name();

    /** Identifies the weights, as settings by name. Samples of other weights are not continued. */
    SortedMap<String, String> identity();

    /**
     * Samples one response per request.
     *
     * @param cancelled asked often
     * @param onResult receives each result when it is there, with the index of its request; several threads may call it
     *     at the same time
     * @throws java.util.concurrent.CancellationException if {@code cancelled} has become true
     * @throws io.sppostream.log.UserException if the source cannot answer
     */
    void sample(List<Request> requests, BooleanSupplier cancelled, ObjIntConsumer<GenerationResult> onResult)
            throws InterruptedException;

    @Override
    void close();
}

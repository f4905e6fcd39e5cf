package io.sppostream.evaluation;

import io.sppostream.model.PolicyModel;
import io.sppostream.model.SamplingParameters;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.rollout.SamplingThreads;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/** Samples from a model in this process. */
public final class ModelResponses implements ResponseSource {
    private final String name;
    private final SortedMap<String, String> identity;
    private final PolicyModel model;
    private final Tokenizer tokenizer;
    private final SamplingThreads threads;
    private final ResponseSampler sampler;

    /**
     * @param identity identifies the weights
     * @param model closed with this
     * @param tokenizer closed with this
     * @param threads that share each batch
     * @param cacheBytes most memory for keys and values, of all threads together; 0 for the default
     */
    public ModelResponses(
            String name,
            SortedMap<String, String> identity,
            PolicyModel model,
            Tokenizer tokenizer,
            SamplingParameters sampling,
            int threads,
            long cacheBytes) {
        this.name = name;
        this.identity = new TreeMap<>(identity);
        this.model = model;
        this.tokenizer = tokenizer;
        this.threads = new SamplingThreads(threads);
        this.sampler = new ResponseSampler(
                tokenizer, sampling, this.threads, cacheBytes == 0 ? 0 : Math.max(1, cacheBytes / threads), false);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public SortedMap<String, String> identity() {
        return new TreeMap<>(identity);
    }

    @Override
    public void sample(List<Request> requests, BooleanSupplier cancelled, ObjIntConsumer<GenerationResult> onResult) {
        sampler.sample(model, 0, "", requests, cancelled, onResult);
    }

    @Override
    public void close() {
        threads.close();
        tokenizer.close();
        model.close();
    }
}

package io.sppostream.benchmarks;

import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.model.PolicyModel;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseSampler;
import io.sppostream.run.inprocess.SynchronousSppo;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Samples the responses of a step in several threads, each with a contiguous part of the requests, so that the loop
 * without a log uses as many cores to sample as a run on Kafka does.
 */
final class ParallelSampling implements SynchronousSppo.Sampling, AutoCloseable {
    private final int threads;
    private final ExecutorService workers;

    ParallelSampling(int threads) {
        this.threads = threads;
        this.workers = Executors.newFixedThreadPool(threads);
    }

    @Override
    public List<GenerationResult> sample(ResponseSampler sampler, PolicyModel policy, List<Request> requests)
            throws InterruptedException {
        List<Future<List<GenerationResult>>> parts = new ArrayList<>();
        for (List<Request> part : TrainingOrder.miniBatches(requests, threads)) {
            parts.add(workers.submit(() -> sampler.sample(policy, 0, "", part)));
        }
        List<GenerationResult> results = new ArrayList<>(requests.size());
        for (Future<List<GenerationResult>> part : parts) {
            try {
                results.addAll(part.get());
            } catch (ExecutionException e) {
                throw new IllegalStateException(e.getCause());
            }
        }
        return results;
    }

    @Override
    public void close() {
        workers.shutdown();
    }
}

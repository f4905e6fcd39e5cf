package io.sppostream.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.util.cuda.CudaUtils;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.ObjIntConsumer;

/**
 * Samples completions from a policy, many at once, with a key-value cache.
 *
 * <p>Continuous batching: a request joins the running batch as soon as its keys and values are certain to fit the memory
 * of the cache, and leaves it when its completion ends. On a CPU, the batch of a large model has at most 64 rows. Prompts
 * of any lengths share matrix products. Equal prompts, such as those of a group's samples or of the completions of a
 * prefix, are computed once if they join together.
 *
 * <p>A completion depends only on its request, the parameters and the weights: on the CPU it is bit-identical in any
 * batch and any thread, for three reasons. Its random numbers come from its own seed. Batches are padded to at least 16
 * rows, or 8 if weights are packed, since smaller matrix products may use other kernels. The number of keys in its
 * attention, on which kernels depend, is a function of its own length ({@link KeyLengths}).
 *
 * <p>Thread-safe.
 */
public final class Sampler {

    private static final long MACHINE_BYTES =
            ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();

    private final Transformer model;
    private final Set<Integer> endTokens;
    private final int rowMultiple;
    private final long cacheBytes;
    private final int maxRows;
    private final int prefillTokens;

    /** A sampler whose cache may take any memory: all requests are sampled at once. */
    public Sampler(PolicyModel policy, Set<Integer> endTokens) {
        this(policy, endTokens, Long.MAX_VALUE);
    }

    /**
     * @param policy closed by the caller
     * @param endTokens tokens that end a completion
     * @param cacheBytes most memory for the keys and values of a call of {@code sample}; a single request may take more
     */
    public Sampler(PolicyModel policy, Set<Integer> endTokens, long cacheBytes) {
        this.model = policy.model();
        this.endTokens = Set.copyOf(endTokens);
        this.rowMultiple = model.rowMultiple();
        this.cacheBytes = cacheBytes;
        boolean cpu = model.manager().getDevice().equals(Device.cpu());
        this.maxRows = LargeModels.rowsAtOnce(model.config(), cpu);
        this.prefillTokens = LargeModels.prefillTokens(model.config(), cpu);
    }

    /** A quarter of the memory of the model's device: the rest is for weights, and on the CPU for everything else. */
    public static long defaultCacheBytes(PolicyModel policy) {
        Device device = policy.model().manager().getDevice();
        return (device.equals(Device.cpu())
                        ? MACHINE_BYTES
                        : CudaUtils.getGpuMemory(device).getMax())
                / 4;
    }

    /** Rows that join the batch with the same prompt. */
    private record SharedPrompt(int[] tokens, List<SampledRow> rows) {}

    /**
     * Samples one completion for each request. A completion that reaches the model's last position ends there.
     *
     * @return completions in the order of the requests
     * @throws IllegalArgumentException if a prompt is empty, does not fit the model's positions, or has unknown tokens
     */
    public List<Completion> sample(List<SampleRequest> requests, SamplingParameters parameters) {
        return sample(requests, parameters, () -> false);
    }

    /**
     * Samples one completion for each request, as {@link #sample(List, SamplingParameters)} does, unless it is cancelled.
     *
     * @param cancelled asked before every token
     * @throws CancellationException if it has become true
     */
    public List<Completion> sample(
            List<SampleRequest> requests, SamplingParameters parameters, BooleanSupplier cancelled) {
        Completion[] completions = new Completion[requests.size()];
        sample(requests, parameters, cancelled, (completion, request) -> completions[request] = completion);
        return Arrays.asList(completions);
    }

    /**
     * Samples one completion for each request, and passes each on as soon as it ends.
     *
     * @param cancelled asked before every token
     * @param onCompletion receives a completion and the index of its request; called by the caller's thread
     * @throws CancellationException if {@code cancelled} has become true; completions that have ended were passed on
     */
    public void sample(
            List<SampleRequest> requests,
            SamplingParameters parameters,
            BooleanSupplier cancelled,
            ObjIntConsumer<Completion> onCompletion) {
        if (requests.isEmpty()) {
            return;
        }
        try (NDManager scratch = model.manager().newSubManager();
                Batch batch = new Batch(requests, parameters, cancelled, onCompletion, scratch)) {
            batch.run();
        }
    }

    /** A row for each request; those with equal prompts one after the other. */
    private Deque<SampledRow> rows(List<SampleRequest> requests, SamplingParameters parameters) {
        Map<IntBuffer, List<SampledRow>> byPrompt = new LinkedHashMap<>();
        int positions = model.config().maxPositions();
        for (int i = 0; i < requests.size(); i++) {
            SampleRequest request = requests.get(i);
            int[] prompt = request.prompt();
            if (prompt.length == 0 || prompt.length > positions) {
                throw new IllegalArgumentException("The prompt of request " + i + " has " + prompt.length
                        + " tokens, the model takes 1 to " + positions);
            }
            model.config().requireTokens(prompt);
            model.reserve(Math.min(prompt.length + parameters.maxTokens(), positions));
            // The last token is never an input, so there is room for one more than the remaining positions.
            int room = Math.min(positions - prompt.length + 1, Math.min(parameters.maxTokens(), request.maxTokens()));
            List<SampledRow> equal = byPrompt.computeIfAbsent(IntBuffer.wrap(prompt), key -> new ArrayList<>());
            equal.add(new SampledRow(i, request, equal.isEmpty() ? prompt : equal.get(0).prompt, room));
        }
        Deque<SampledRow> rows = new ArrayDeque<>(requests.size());
        byPrompt.values().forEach(rows::addAll);
        return rows;
    }

    /** The requests of one call: those that wait, and those in the running batch. */
    private final class Batch implements AutoCloseable {
        private final SamplingParameters parameters;
        private final BooleanSupplier cancelled;
        private final ObjIntConsumer<Completion> onCompletion;
        private final NDManager scratch;
        private final IValue weights;
        private final KeyValueCache cache;
        private final Deque<SampledRow> waiting;
        private final IValue temperature;
        private final IValue topP;
        private final IValue topK;

        Batch(
                List<SampleRequest> requests,
                SamplingParameters parameters,
                BooleanSupplier cancelled,
                ObjIntConsumer<Completion> onCompletion,
                NDManager scratch) {
            this.parameters = parameters;
            this.cancelled = cancelled;
            this.onCompletion = onCompletion;
            this.scratch = scratch;
            this.waiting = rows(requests, parameters);
            this.weights = TorchProgram.list(model.productWeights(scratch));
            this.cache = new KeyValueCache(model, weights, scratch);
            this.temperature = IValue.from(parameters.temperature());
            this.topP = IValue.from(parameters.topP());
            this.topK = IValue.from((long) parameters.topK());
        }

        void run() {
            while (true) {
                List<SampledRow> joining = admit();
                if (!joining.isEmpty()) {
                    join(joining);
                } else if (cache.rows().isEmpty()) {
                    return;
                } else {
                    checkCancelled();
                    cache.grow();
                    next();
                }
                cache.compact();
            }
        }

        private void checkCancelled() {
            if (cancelled.getAsBoolean()) {
                throw new CancellationException("sampling was cancelled");
            }
        }

        /**
         * Takes waiting rows that the batch has room for, and whose keys and values fit the memory that the running ones
         * leave, even when all become as long as they can be. To join costs a step of its own, so a few rows wait for more.
         */
        private List<SampledRow> admit() {
            if (waiting.isEmpty()) {
                return List.of();
            }
            List<SampledRow> running = cache.rows();
            long left = cacheBytes;
            for (SampledRow row : running) {
                left -= KeyValueCache.bytes(row, model.config(), model.settings());
            }
            int count = 0;
            for (SampledRow row : waiting) {
                left -= KeyValueCache.bytes(row, model.config(), model.settings());
                int before = running.size() + count;
                if (before > 0 && (left < 0 || before >= maxRows)) {
                    break;
                }
                count++;
            }
            if (count < waiting.size() && 4 * count < running.size()) {
                return List.of();
            }
            List<SampledRow> joining = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                joining.add(waiting.remove());
            }
            return joining;
        }

        /** Computes the prompts of the rows that join, and their first tokens. */
        private void join(List<SampledRow> joining) {
            List<SharedPrompt> prompts = new ArrayList<>();
            for (SampledRow row : joining) {
                if (prompts.isEmpty() || prompts.get(prompts.size() - 1).tokens() != row.prompt) {
                    prompts.add(new SharedPrompt(row.prompt, new ArrayList<>()));
                }
                prompts.get(prompts.size() - 1).rows().add(row);
            }
            prompts.sort(Comparator.comparingInt(prompt -> prompt.tokens().length));
            List<SampledRow> rows = new ArrayList<>();
            try (IValue last = TorchProgram.list(new NDList())) {
                int from = 0;
                while (from < prompts.size()) {
                    int to = from + 1;
                    int shortest = prompts.get(from).tokens().length;
                    while (to < prompts.size()
                            && KeyValueCache.sharesGroup(
                                    shortest, prompts.get(to).tokens().length)) {
                        to++;
                    }
                    rows.addAll(prefill(prompts.subList(from, to), last));
                    from = to;
                }
                sample(
                        rows,
                        (uniforms, greedy) ->
                                model.program().run("first", last, uniforms, greedy, weights, temperature, topP, topK));
            }
        }

        /** Computes the prompts of a new group, in pieces. */
        private List<SampledRow> prefill(List<SharedPrompt> prompts, IValue last) {
            List<SampledRow> rows =
                    prompts.stream().flatMap(prompt -> prompt.rows().stream()).toList();
            cache.open(rows);
            int from = 0;
            int first = 0;
            while (from < prompts.size()) {
                checkCancelled();
                int to = from;
                int tokens = 0;
                do {
                    tokens += prompts.get(to++).tokens().length;
                } while (to < prompts.size() && tokens + prompts.get(to).tokens().length <= prefillTokens);
                List<SharedPrompt> piece = prompts.subList(from, to);
                PackedPrompts packed = PackedPrompts.of(
                        piece.stream().map(SharedPrompt::tokens).toList(),
                        piece.stream().mapToInt(prompt -> prompt.rows().size()).toArray(),
                        model.config().intermediateSize());
                cache.prefill(packed, first, last);
                first += packed.ends().length;
                from = to;
            }
            return rows;
        }

        /** Computes the next token of every running row. */
        private void next() {
            List<SampledRow> rows = cache.rows();
            long[] ids = new long[padded(rows.size())];
            long[] positions = new long[ids.length];
            for (int i = 0; i < rows.size(); i++) {
                ids[i] = rows.get(i).newestToken();
                positions[i] = rows.get(i).position();
            }
            try (NDArray idsTensor = Tensors.of(scratch, ids, new Shape(ids.length));
                    NDArray positionsTensor = Tensors.of(scratch, positions, new Shape(ids.length));
                    IValue idsArgument = TorchProgram.tensor(idsTensor);
                    IValue positionsArgument = TorchProgram.tensor(positionsTensor);
                    IValue spans = IValue.listFrom(cache.spans())) {
                sample(
                        rows,
                        (uniforms, greedy) -> model.program()
                                .run(
                                        "next",
                                        idsArgument,
                                        positionsArgument,
                                        spans,
                                        uniforms,
                                        greedy,
                                        weights,
                                        model.tableArgument(),
                                        cache.argument(),
                                        temperature,
                                        topP,
                                        topK));
            }
        }

        /** Appends a token to every unfinished row; the draw takes place on the device. */
        private void sample(List<SampledRow> rows, Draw draw) {
            double[] uniforms = new double[padded(rows.size())];
            boolean anyGreedy = false;
            for (int i = 0; i < rows.size(); i++) {
                uniforms[i] = rows.get(i).uniform();
                anyGreedy |= uniforms[i] < 0;
            }
            float[] drawn;
            try (NDArray uniformsTensor = Tensors.of(scratch, uniforms, new Shape(uniforms.length, 1));
                    IValue uniformsArgument = TorchProgram.tensor(uniformsTensor);
                    IValue greedy = IValue.from(anyGreedy ? 1L : 0L);
                    IValue result = draw.run(uniformsArgument, greedy);
                    NDArray tensor = result.toTensor((PtNDManager) scratch)) {
                drawn = Tensors.toFloats(tensor);
            }
            for (int i = 0; i < rows.size(); i++) {
                SampledRow row = rows.get(i);
                if (!row.finished()) {
                    int token = (int) drawn[2 * i];
                    float chosen = drawn[2 * i + 1];
                    boolean ends = endTokens.contains(token);
                    row.append(token, parameters.temperature() == 0 ? chosen : (float) Math.log(chosen), ends);
                    if (row.finished()) {
                        onCompletion.accept(row.completion(ends), row.request);
                    }
                }
            }
        }

        @Override
        public void close() {
            topK.close();
            topP.close();
            temperature.close();
            cache.close();
            weights.close();
        }
    }

    /** Draws a token for each uniform: [uniforms, 2], the token and its probability. */
    @FunctionalInterface
    private interface Draw {
        IValue run(IValue uniforms, IValue greedy);
    }

    private int padded(int rows) {
        return (rows + rowMultiple - 1) / rowMultiple * rowMultiple;
    }
}

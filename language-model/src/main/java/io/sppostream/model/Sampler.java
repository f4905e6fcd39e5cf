package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * Samples completions from a policy, many at once, with a key-value cache.
 *
 * <p>A completion depends only on its request, the parameters and the weights: on the CPU it is bit-identical in any
 * batch and any thread, for three reasons. Its random numbers come from its own seed. Batches are padded to at least 16
 * rows, since smaller matrix products may use other kernels. Attention, whose kernels depend on the key length, is
 * computed separately for each prompt length.
 *
 * <p>Thread-safe.
 */
public final class Sampler {

    /** Prompt tokens that are computed at once; more would only cost memory. */
    private static final int PREFILL_TOKENS = 8192;

    /** Initial capacity of a cache, in tokens beyond the prompt. */
    private static final int FIRST_ROOM = 64;

    private final Qwen2 model;
    private final Set<Integer> endTokens;
    private final int rowMultiple;

    /**
     * @param policy closed by the caller
     * @param endTokens tokens that end a completion
     */
    public Sampler(PolicyModel policy, Set<Integer> endTokens) {
        this.model = policy.model();
        this.endTokens = Set.copyOf(endTokens);
        this.rowMultiple = model.rowMultiple();
    }

    /** A request in progress. */
    private static final class Row {
        final int request;
        final SplittableRandom random;
        final int[] tokens;
        final float[] logProbs;
        int length;
        boolean finished;

        Row(int request, long seed, int room) {
            this.request = request;
            this.random = new SplittableRandom(seed);
            this.tokens = new int[room];
            this.logProbs = new float[room];
        }
    }

    /** Rows whose prompts are of equal length; padding rows are finished from the start. */
    private static final class Group {
        List<Row> rows;
        /** Tokens in the cache. */
        int length;

        int capacity;

        Group(List<Row> rows, int length, int capacity) {
            this.rows = rows;
            this.length = length;
            this.capacity = capacity;
        }
    }

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
     * Draws one completion for each request, as {@link #sample(List, SamplingParameters)} does, unless it is cancelled.
     *
     * @param cancelled asked before every token
     * @throws CancellationException if it has become true
     */
    public List<Completion> sample(
            List<SampleRequest> requests, SamplingParameters parameters, BooleanSupplier cancelled) {
        if (requests.isEmpty()) {
            return List.of();
        }
        Completion[] completions = new Completion[requests.size()];
        try (NDManager scratch = model.manager().newSubManager();
                IValue cache = TorchProgram.list(new NDList())) {
            List<Group> groups = new ArrayList<>();
            sampleFirst(requests, parameters, scratch, cache, groups, completions, cancelled);
            while (groups.stream().anyMatch(group -> !group.rows.isEmpty())) {
                checkCancelled(cancelled);
                sampleNext(parameters, scratch, cache, groups, completions);
            }
        }
        return Arrays.asList(completions);
    }

    private static void checkCancelled(BooleanSupplier cancelled) {
        if (cancelled.getAsBoolean()) {
            throw new CancellationException("sampling was cancelled");
        }
    }

    private void sampleFirst(
            List<SampleRequest> requests,
            SamplingParameters parameters,
            NDManager scratch,
            IValue cache,
            List<Group> groups,
            Completion[] completions,
            BooleanSupplier cancelled) {
        try (IValue last = TorchProgram.list(new NDList())) {
            for (List<Integer> members : byPromptLength(requests)) {
                checkCancelled(cancelled);
                groups.add(prefill(requests, members, parameters, scratch, cache, last));
            }
            int rows = groups.stream().mapToInt(group -> group.rows.size()).sum();
            try (IValue padding = IValue.from((long) (padded(rows) - rows));
                    IValue temperature = IValue.from(parameters.temperature());
                    IValue distribution =
                            model.program().run("first", last, padding, model.weightsArgument(), temperature)) {
                choose(distribution, scratch, groups, parameters, completions);
            }
        }
        compact(groups, scratch, cache);
    }

    /** Indices of requests, in groups of equal prompt length that are small enough to be computed at once. */
    private List<List<Integer>> byPromptLength(List<SampleRequest> requests) {
        Map<Integer, List<Integer>> byLength = new TreeMap<>();
        for (int i = 0; i < requests.size(); i++) {
            int[] prompt = requests.get(i).prompt();
            if (prompt.length == 0 || prompt.length > model.config().maxPositions()) {
                throw new IllegalArgumentException("The prompt of request " + i + " has " + prompt.length
                        + " tokens, the model takes 1 to " + model.config().maxPositions());
            }
            model.config().requireTokens(prompt);
            byLength.computeIfAbsent(prompt.length, key -> new ArrayList<>()).add(i);
        }
        List<List<Integer>> groups = new ArrayList<>();
        byLength.forEach((length, members) -> {
            int most = Math.max(1, PREFILL_TOKENS / length);
            for (int from = 0; from < members.size(); from += most) {
                groups.add(members.subList(from, Math.min(from + most, members.size())));
            }
        });
        return groups;
    }

    private Group prefill(
            List<SampleRequest> requests,
            List<Integer> members,
            SamplingParameters parameters,
            NDManager scratch,
            IValue cache,
            IValue last) {
        int length = requests.get(members.get(0)).prompt().length;
        // The last token is never an input, so there is room for one more than the remaining positions.
        int room = Math.min(parameters.maxTokens(), model.config().maxPositions() - length + 1);
        List<Row> rows = new ArrayList<>();
        for (int member : members) {
            rows.add(new Row(member, requests.get(member).seed(), room));
        }
        while (rows.size() * length < Qwen2.LEAST_ROWS
                || (long) rows.size() * length * model.config().intermediateSize() % Qwen2.VECTOR != 0) {
            Row padding = new Row(-1, 0, 0);
            padding.finished = true;
            rows.add(padding);
        }
        long[] ids = new long[rows.size() * length];
        for (int row = 0; row < members.size(); row++) {
            int[] prompt = requests.get(members.get(row)).prompt();
            for (int t = 0; t < length; t++) {
                ids[row * length + t] = prompt[t];
            }
        }
        int capacity = length + Math.min(room, FIRST_ROOM);
        try (NDArray tensor = Tensors.of(scratch, ids, new Shape(rows.size(), length));
                IValue idsArgument = TorchProgram.tensor(tensor);
                IValue capacityArgument = IValue.from((long) capacity)) {
            model.program()
                    .run(
                            "prefill",
                            idsArgument,
                            capacityArgument,
                            model.weightsArgument(),
                            model.tableArgument(),
                            cache,
                            last)
                    .close();
        }
        return new Group(rows, length, capacity);
    }

    private void sampleNext(
            SamplingParameters parameters,
            NDManager scratch,
            IValue cache,
            List<Group> groups,
            Completion[] completions) {
        int count = 0;
        for (int g = 0; g < groups.size(); g++) {
            Group group = groups.get(g);
            count += group.rows.size();
            if (!group.rows.isEmpty() && group.length == group.capacity) {
                group.capacity = 2 * group.capacity;
                try (IValue index = IValue.from((long) g);
                        IValue capacity = IValue.from((long) group.capacity)) {
                    model.program().run("grow", cache, index, capacity).close();
                }
            }
        }
        long[] ids = new long[padded(count)];
        long[] positions = new long[ids.length];
        long[] sizes = new long[groups.size()];
        long[] lengths = new long[groups.size()];
        int at = 0;
        for (int g = 0; g < sizes.length; g++) {
            Group group = groups.get(g);
            sizes[g] = group.rows.size();
            lengths[g] = group.length;
            for (Row row : group.rows) {
                ids[at] = row.length == 0 ? 0 : row.tokens[row.length - 1];
                positions[at++] = group.length;
            }
            group.length++;
        }
        try (NDArray idsTensor = Tensors.of(scratch, ids, new Shape(ids.length));
                NDArray positionsTensor = Tensors.of(scratch, positions, new Shape(ids.length));
                IValue idsArgument = TorchProgram.tensor(idsTensor);
                IValue positionsArgument = TorchProgram.tensor(positionsTensor);
                IValue sizesArgument = IValue.listFrom(sizes);
                IValue lengthsArgument = IValue.listFrom(lengths);
                IValue temperature = IValue.from(parameters.temperature());
                IValue distribution = model.program()
                        .run(
                                "next",
                                idsArgument,
                                positionsArgument,
                                model.weightsArgument(),
                                model.tableArgument(),
                                cache,
                                sizesArgument,
                                lengthsArgument,
                                temperature)) {
            choose(distribution, scratch, groups, parameters, completions);
        }
        compact(groups, scratch, cache);
    }

    /** Appends a token to every unfinished row. */
    private void choose(
            IValue distribution,
            NDManager scratch,
            List<Group> groups,
            SamplingParameters parameters,
            Completion[] completions) {
        int vocabulary = model.config().vocabularySize();
        try (NDArray tensor = distribution.toTensor((PtNDManager) scratch)) {
            FloatBuffer values =
                    tensor.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
            float[] row = new float[vocabulary];
            int at = 0;
            for (Group group : groups) {
                for (Row each : group.rows) {
                    if (!each.finished) {
                        values.get(at * vocabulary, row);
                        append(each, row, parameters, completions);
                    }
                    at++;
                }
            }
        }
    }

    private void append(Row row, float[] distribution, SamplingParameters parameters, Completion[] completions) {
        boolean greedy = parameters.temperature() == 0;
        int token = greedy
                ? TokenChoice.best(distribution)
                : TokenChoice.draw(distribution, parameters.topP(), parameters.topK(), row.random.nextDouble());
        row.tokens[row.length] = token;
        row.logProbs[row.length] = greedy ? distribution[token] : (float) Math.log(distribution[token]);
        row.length++;
        boolean stopped = endTokens.contains(token);
        if (stopped || row.length == row.tokens.length) {
            row.finished = true;
            completions[row.request] = new Completion(
                    Arrays.copyOf(row.tokens, row.length),
                    Arrays.copyOf(row.logProbs, row.length),
                    stopped ? FinishReason.STOP : FinishReason.LENGTH);
        }
    }

    /** Removes finished rows from a group once they are a quarter of it; moving the cache costs about as much as a step. */
    private void compact(List<Group> groups, NDManager scratch, IValue cache) {
        for (int g = 0; g < groups.size(); g++) {
            Group group = groups.get(g);
            List<Row> live = group.rows.stream().filter(row -> !row.finished).toList();
            if (live.size() * 4 <= group.rows.size() * 3 && !group.rows.isEmpty()) {
                long[] kept = new long[live.size()];
                int at = 0;
                for (int i = 0; i < group.rows.size(); i++) {
                    if (!group.rows.get(i).finished) {
                        kept[at++] = i;
                    }
                }
                group.rows = live;
                try (NDArray tensor = Tensors.of(scratch, kept, new Shape(kept.length));
                        IValue index = IValue.from((long) g);
                        IValue rows = TorchProgram.tensor(tensor)) {
                    model.program().run("keep", cache, index, rows).close();
                }
            }
        }
    }

    private int padded(int rows) {
        return (rows + rowMultiple - 1) / rowMultiple * rowMultiple;
    }
}

package io.sppostream.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
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
 * <p>Equal prompts, such as those of a group's samples or of the completions of a prefix, are computed once.
 *
 * <p>Thread-safe.
 */
public final class Sampler {

    /** Prompt tokens that are computed at once; more would only cost memory. */
    private static final int PREFILL_TOKENS = 8192;

    /** Initial capacity of a cache, in tokens beyond the prompt. */
    private static final int FIRST_ROOM = 64;

    private final Transformer model;
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
        final boolean greedy;
        final SplittableRandom random;
        final int[] tokens;
        final float[] logProbs;
        int length;
        boolean finished;

        /** @param room most tokens of the completion */
        Row(int index, SampleRequest request, int room) {
            this.request = index;
            this.greedy = request.greedy();
            this.random = new SplittableRandom(request.seed());
            this.tokens = new int[room];
            this.logProbs = new float[room];
        }
    }

    /** Prompts of equal length, each with the indices of the requests that have it. */
    private record EqualLengths(int length, List<List<Integer>> members) {}

    /** Rows whose prompts are of equal length. */
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
            for (EqualLengths prompts : byPromptLength(requests)) {
                checkCancelled(cancelled);
                groups.add(prefill(requests, prompts, parameters, scratch, cache, last));
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

    /** The distinct prompts, in groups of equal length that are small enough to be computed at once. */
    private List<EqualLengths> byPromptLength(List<SampleRequest> requests) {
        Map<Integer, Map<IntBuffer, List<Integer>>> byLength = new TreeMap<>();
        for (int i = 0; i < requests.size(); i++) {
            int[] prompt = requests.get(i).prompt();
            if (prompt.length == 0 || prompt.length > model.config().maxPositions()) {
                throw new IllegalArgumentException("The prompt of request " + i + " has " + prompt.length
                        + " tokens, the model takes 1 to " + model.config().maxPositions());
            }
            model.config().requireTokens(prompt);
            byLength.computeIfAbsent(prompt.length, key -> new LinkedHashMap<>())
                    .computeIfAbsent(IntBuffer.wrap(prompt), key -> new ArrayList<>())
                    .add(i);
        }
        List<EqualLengths> groups = new ArrayList<>();
        byLength.forEach((length, members) -> {
            List<List<Integer>> prompts = List.copyOf(members.values());
            int most = Math.max(1, PREFILL_TOKENS / length);
            for (int from = 0; from < prompts.size(); from += most) {
                groups.add(new EqualLengths(length, prompts.subList(from, Math.min(from + most, prompts.size()))));
            }
        });
        return groups;
    }

    private Group prefill(
            List<SampleRequest> requests,
            EqualLengths prompts,
            SamplingParameters parameters,
            NDManager scratch,
            IValue cache,
            IValue last) {
        int length = prompts.length();
        // The last token is never an input, so there is room for one more than the remaining positions.
        int most = Math.min(parameters.maxTokens(), model.config().maxPositions() - length + 1);
        int room = 1;
        List<Row> rows = new ArrayList<>();
        for (List<Integer> members : prompts.members()) {
            for (int member : members) {
                SampleRequest request = requests.get(member);
                Row row = new Row(member, request, Math.min(most, request.maxTokens()));
                room = Math.max(room, row.tokens.length);
                rows.add(row);
            }
        }
        int count = prompts.members().size();
        int padded = count;
        while (padded * length < Transformer.LEAST_ROWS
                || (long) padded * length * model.config().intermediateSize() % Transformer.VECTOR != 0) {
            padded++;
        }
        long[] ids = new long[padded * length];
        boolean selects = rows.size() > count || padded > count;
        long[] promptOfRow = new long[selects ? rows.size() : 0];
        int at = 0;
        for (int p = 0; p < count; p++) {
            List<Integer> members = prompts.members().get(p);
            int[] prompt = requests.get(members.get(0)).prompt();
            for (int t = 0; t < length; t++) {
                ids[p * length + t] = prompt[t];
            }
            if (selects) {
                Arrays.fill(promptOfRow, at, at + members.size(), p);
                at += members.size();
            }
        }
        int capacity = length + Math.min(room, FIRST_ROOM);
        try (NDArray tensor = Tensors.of(scratch, ids, new Shape(padded, length));
                NDArray promptTensor = Tensors.of(scratch, promptOfRow, new Shape(promptOfRow.length));
                IValue idsArgument = TorchProgram.tensor(tensor);
                IValue promptArgument = TorchProgram.tensor(promptTensor);
                IValue capacityArgument = IValue.from((long) capacity)) {
            model.program()
                    .run(
                            "prefill",
                            idsArgument,
                            promptArgument,
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
                ids[at] = row.tokens[row.length - 1];
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
        boolean logarithmic = parameters.temperature() == 0;
        int token = logarithmic || row.greedy
                ? TokenChoice.best(distribution)
                : TokenChoice.draw(distribution, parameters.topP(), parameters.topK(), row.random.nextDouble());
        row.tokens[row.length] = token;
        row.logProbs[row.length] = logarithmic ? distribution[token] : (float) Math.log(distribution[token]);
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

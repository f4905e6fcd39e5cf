package io.sppostream.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of the rows of a running batch. Rows that were admitted together form a group: they share tensors,
 * whose capacity grows with the longest of them. Used by one thread.
 */
final class KeyValueCache implements AutoCloseable {

    private final Transformer model;
    private final IValue weights;
    private final NDManager scratch;
    private final IValue tensors = TorchProgram.list(new NDList());
    private final List<Group> groups = new ArrayList<>();
    private final boolean oneSpan;

    /** Rows that share tensors, in the order of the tensors. */
    private static final class Group {
        List<SampledRow> rows;
        int capacity;

        Group(List<SampledRow> rows, int capacity) {
            this.rows = rows;
            this.capacity = capacity;
        }

        int mostKeys() {
            return rows.stream().mapToInt(SampledRow::mostKeys).max().orElse(0);
        }
    }

    /**
     * @param weights of the model, as matrix products need them; closed by the caller
     * @param scratch manager of short-lived tensors; closed by the caller
     */
    KeyValueCache(Transformer model, IValue weights, NDManager scratch) {
        this.model = model;
        this.weights = weights;
        this.scratch = scratch;
        // On a GPU the number of kernels counts, and bits depend on the batch anyway.
        this.oneSpan = !scratch.getDevice().equals(Device.cpu());
    }

    /** Bytes that a row takes when it is as long as it can be. */
    static long bytes(SampledRow row, ModelConfig config, ModelSettings settings) {
        return ModelMemory.keyValues(config, settings, 1, KeyLengths.rounded(row.mostKeys()));
    }

    /** Whether this prompt fits a group that begins with another, without more than twice the memory it needs. */
    static boolean sharesGroup(int shortestPrompt, int prompt) {
        return KeyLengths.capacity(prompt + 1) <= 2 * KeyLengths.capacity(shortestPrompt + 1);
    }

    /** All rows, in the order of the cache. */
    List<SampledRow> rows() {
        return groups.stream().flatMap(group -> group.rows.stream()).toList();
    }

    /**
     * Begins a group; {@link #prefill} must then compute its prompts.
     *
     * @param rows by rising length of their prompts
     */
    void open(List<SampledRow> rows) {
        int longest = rows.get(rows.size() - 1).prompt.length;
        Group group = new Group(List.copyOf(rows), 0);
        group.capacity = Math.min(KeyLengths.capacity(longest + 1), KeyLengths.rounded(group.mostKeys()));
        groups.add(group);
    }

    /**
     * Computes prompts of the newest group.
     *
     * @param first index in the group of the first row that has one of them
     * @param last list of tensors that {@code first} of the program continues with; appended to
     */
    void prefill(PackedPrompts prompts, int first, IValue last) {
        int index = groups.size() - 1;
        Group group = groups.get(index);
        try (NDArray idsTensor = Tensors.of(scratch, prompts.ids(), new Shape(prompts.ids().length));
                NDArray rowsTensor = Tensors.of(scratch, prompts.rows(), new Shape(prompts.rows().length));
                NDArray endsTensor = Tensors.of(scratch, prompts.ends(), new Shape(prompts.ends().length));
                IValue ids = TorchProgram.tensor(idsTensor);
                IValue lengths = IValue.listFrom(prompts.lengths());
                IValue rows = TorchProgram.tensor(rowsTensor);
                IValue ends = TorchProgram.tensor(endsTensor);
                IValue groupArgument = IValue.from((long) index);
                IValue firstArgument = IValue.from((long) first);
                IValue size = IValue.from((long) group.rows.size());
                IValue capacity = IValue.from((long) group.capacity)) {
            model.program()
                    .run(
                            "prefill",
                            ids,
                            lengths,
                            rows,
                            ends,
                            groupArgument,
                            firstArgument,
                            size,
                            capacity,
                            weights,
                            model.tableArgument(),
                            tensors,
                            last)
                    .close();
        }
    }

    /** Makes room for the next token of every row, no more than the rows can need. */
    void grow() {
        for (int g = 0; g < groups.size(); g++) {
            Group group = groups.get(g);
            int keys = 1 + unfinishedPosition(group);
            if (keys > group.capacity) {
                group.capacity = Math.min(KeyLengths.capacity(keys), KeyLengths.rounded(group.mostKeys()));
                try (IValue index = IValue.from((long) g);
                        IValue capacity = IValue.from((long) group.capacity)) {
                    model.program().run("grow", tensors, index, capacity).close();
                }
            }
        }
    }

    private static int unfinishedPosition(Group group) {
        return group.rows.stream()
                .filter(row -> !row.finished())
                .mapToInt(SampledRow::position)
                .max()
                .orElse(0);
    }

    /** Runs of rows whose attention is computed together, as {@code next} of the program takes them. */
    long[] spans() {
        List<long[]> spans = new ArrayList<>();
        for (int g = 0; g < groups.size(); g++) {
            List<SampledRow> rows = groups.get(g).rows;
            int from = 0;
            while (from < rows.size()) {
                int to = from;
                int keys = 0;
                boolean equal = true;
                int position = -1;
                for (; to < rows.size(); to++) {
                    SampledRow row = rows.get(to);
                    // Nobody reads a finished row: it goes with its neighbours.
                    if (!row.finished()) {
                        int own = KeyLengths.rounded(row.position() + 1);
                        if (keys != 0 && own != keys && !oneSpan) {
                            break;
                        }
                        keys = Math.max(keys, own);
                        equal &= position < 0 || position == row.position();
                        position = row.position();
                    }
                }
                boolean exact = equal && (oneSpan || keys <= KeyLengths.EXACT);
                spans.add(new long[] {g, from, to - from, exact ? position + 1 : keys, exact ? 0 : 1});
                from = to;
            }
        }
        return spans.stream().flatMapToLong(Arrays::stream).toArray();
    }

    /** The list of tensors as an argument. */
    IValue argument() {
        return tensors;
    }

    /**
     * Drops finished rows from a group once they are a quarter of it: moving a group's tensors costs about as much as a
     * step.
     */
    void compact() {
        for (int g = groups.size() - 1; g >= 0; g--) {
            Group group = groups.get(g);
            long[] kept = live(group.rows);
            if (kept.length * 4 <= group.rows.size() * 3) {
                keep(g, kept);
            }
        }
    }

    private static long[] live(List<SampledRow> rows) {
        long[] live = new long[rows.size()];
        int at = 0;
        for (int i = 0; i < live.length; i++) {
            if (!rows.get(i).finished()) {
                live[at++] = i;
            }
        }
        return Arrays.copyOf(live, at);
    }

    private void keep(int g, long[] kept) {
        Group group = groups.get(g);
        try (NDArray tensor = Tensors.of(scratch, kept, new Shape(kept.length));
                IValue index = IValue.from((long) g);
                IValue rows = TorchProgram.tensor(tensor)) {
            model.program().run("keep", tensors, index, rows).close();
        }
        if (kept.length == 0) {
            groups.remove(g);
        } else {
            group.rows = group.rows.stream().filter(row -> !row.finished()).toList();
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}

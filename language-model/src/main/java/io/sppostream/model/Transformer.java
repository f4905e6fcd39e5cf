package io.sppostream.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only transformer (Qwen2, arXiv 2407.10671, and its relatives): its weights, and the program that computes with them.
 *
 * <p>Several threads may read at once. A thread that writes weights must make sure that no other reads them.
 */
final class Transformer implements AutoCloseable {

    /** Elements that element-wise kernels process at once; the remainder takes another path, which rounds differently. */
    static final int VECTOR = 32;

    /**
     * From this number of rows on, matrix products give a row the same bits, however many rows there are. Smaller ones use
     * other kernels. The bound depends on processor and shape; 16 is the largest observed.
     */
    static final int LEAST_ROWS = 16;

    /** As {@link #LEAST_ROWS}, of products with packed weights. Observed is 2. */
    private static final int LEAST_PACKED_ROWS = 8;

    /** Positions by which the table of the rotary embedding grows. */
    private static final int TABLE_BLOCK = 8192;

    private final ModelConfig config;
    private final WeightLayout.Head head;
    private final ModelSettings settings;
    private final WeightLayout layout;
    private final NDManager manager;
    private final TorchProgram program;
    private final NDList weights = new NDList();
    private final NDList trained = new NDList();
    private final IValue weightsArgument;
    private final IValue trainedArgument;
    private final List<Table> tables = new ArrayList<>();
    private volatile Table table;
    private final @Nullable SharedBase shared;

    private final WeightForm form;

    /** What products need: the weights, and a head that is tied to the embedding once more if it is packed. */
    private final NDList products = new NDList();

    /** Cosines and signed sines of the rotary embedding for the first positions. */
    private record Table(int positions, NDList tensors, IValue argument) {}

    /** Provides the memory of a weight. */
    private interface Source {
        NDArray tensor(NDManager manager, WeightLayout.Fused fused);
    }

    private Transformer(ModelConfig config, WeightLayout.Head head, ModelSettings settings, Source source) {
        this(config, head, settings, null, WeightForm.TRAINABLE, source);
    }

    /**
     * @param shared the base that some weights belong to; this model uses it until it is closed
     * @param form of the matrices; unless they are those of the base, converted ones begin without particular values
     */
    private Transformer(
            ModelConfig config,
            WeightLayout.Head head,
            ModelSettings settings,
            @Nullable SharedBase shared,
            WeightForm form,
            Source source) {
        this.shared = shared;
        this.form = form;
        this.config = config;
        this.head = head;
        this.settings = head == WeightLayout.Head.LANGUAGE_MODEL ? settings : settings.withAdapter(null);
        LoraSettings adapter = this.settings.adapter();
        this.layout = WeightLayout.of(config, head, adapter == null ? 0 : adapter.rank());
        this.manager = Engine.getEngine("PyTorch").newBaseManager(settings.toDevice());
        this.program = TorchProgram.load(
                manager, List.of("transformer.torchscript", form.program()), attributes(config, this.settings, form));
        NDArray secondHead = null;
        for (WeightLayout.Fused fused : layout.tensors()) {
            NDArray tensor = source.tensor(manager, fused);
            if (form.converts(fused) && shared == null) {
                NDArray floats = tensor;
                tensor = convert(floats, fused);
                floats.close();
            }
            if (weights.isEmpty() && hasSecondHead()) {
                secondHead = convert(tensor, fused);
            }
            tensor.setName("w[]");
            weights.add(tensor);
            if (adapter == null || WeightLayout.isAdapter(fused)) {
                trained.add(tensor);
            }
        }
        products.addAll(weights);
        if (secondHead != null) {
            secondHead.setName("w[]");
            products.add(secondHead);
        }
        this.weightsArgument = TorchProgram.list(weights);
        this.trainedArgument = TorchProgram.list(trained);
        this.table = addTable(tableOf(0, Math.min(TABLE_BLOCK, config.maxPositions())));
    }

    private boolean hasSecondHead() {
        return form == WeightForm.PACKED && config.tiedEmbeddings();
    }

    private NDArray convert(NDArray floats, WeightLayout.Fused fused) {
        return program.record(manager, fused.isMatrixOfLayer() ? "convert" : "pack", new NDList(floats))
                .get(0);
    }

    private static NDArray allocate(NDManager manager, WeightLayout.Fused fused) {
        return manager.create(new Shape(fused.shape()), DataType.FLOAT32);
    }

    /** The attributes {@code self.name} of the program. */
    static Map<String, Number> attributes(ModelConfig config, ModelSettings settings, WeightForm form) {
        LoraSettings adapter = settings.adapter();
        int rank = adapter == null ? 0 : adapter.rank();
        Map<String, Number> attributes = new LinkedHashMap<>();
        List<WeightLayout.Fused> layer = WeightLayout.layer(config, 0, rank);
        attributes.put("d", config.hiddenSize());
        attributes.put("layers", config.layers());
        attributes.put("heads", config.heads());
        attributes.put("groups", config.keyValueHeads());
        attributes.put("size", config.headSize());
        attributes.put("half", config.headSize() / 2);
        attributes.put("width", config.heads() * config.headSize());
        attributes.put("stride", layer.size());
        attributes.put("output", WeightLayout.outputProjection(layer));
        attributes.put("bias", config.architecture().hasBiases() ? 1 : 0);
        attributes.put("norms", config.architecture().hasHeadNorms() ? 1 : 0);
        attributes.put("rank", rank);
        attributes.put("scale", adapter == null ? 0.0 : adapter.scale());
        attributes.put("epsilon", config.rmsNormEpsilon());
        attributes.put("chunk", LargeModels.logitRows(config, settings.isCpu()));
        attributes.put("bfloat16", settings.precisionOf(config) == ModelSettings.Precision.BFLOAT16 ? 1 : 0);
        attributes.put("attention16", settings.halvesAttention(config) ? 1 : 0);
        attributes.put("packed", form == WeightForm.PACKED ? 1 : 0);
        return attributes;
    }

    /**
     * Loads a checkpoint's weights; a missing score head becomes zero. Adapters are fresh, and all models that are loaded
     * with adapters from the same checkpoint share its weights.
     */
    static Transformer load(Checkpoint checkpoint, WeightLayout.Head head, ModelSettings settings) {
        if (head == WeightLayout.Head.LANGUAGE_MODEL && settings.adapter() != null) {
            return withFreshAdapters(settings, checkpoint.base(settings));
        }
        boolean freshHead = head == WeightLayout.Head.SCORE && !checkpoint.hasScore();
        boolean inPlace = settings.isCpu();
        Set<WeightLayout.Fused> mapped = new HashSet<>();
        Transformer model = new Transformer(checkpoint.config(), head, settings, (manager, fused) -> {
            ByteBuffer bytes = inPlace && !(freshHead && isHead(fused)) ? checkpoint.map(fused) : null;
            if (bytes == null) {
                return allocate(manager, fused);
            }
            mapped.add(fused);
            return manager.create(bytes, new Shape(fused.shape()), DataType.FLOAT32);
        });
        try {
            for (int i = 0; i < model.weights.size(); i++) {
                WeightLayout.Fused fused = model.layout.tensors().get(i);
                if (freshHead && isHead(fused)) {
                    fill(model.weights.get(i), () -> 0);
                } else if (!mapped.contains(fused)) {
                    slices(fused, model.weights.get(i), "", null).forEach(checkpoint::read);
                }
            }
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Loads a checkpoint's policy to sample from and to load into, and for nothing else. */
    static Transformer forSampling(Checkpoint checkpoint, ModelSettings settings) {
        return load(checkpoint, settings, WeightForm.ofSampled(checkpoint.config(), settings));
    }

    /** Loads a checkpoint's policy as the base of models with adapters. */
    static Transformer base(Checkpoint checkpoint, ModelSettings settings) {
        return load(checkpoint, settings, WeightForm.ofBase(checkpoint.config(), settings));
    }

    private static Transformer load(Checkpoint checkpoint, ModelSettings settings, WeightForm form) {
        if (form == WeightForm.TRAINABLE) {
            return load(checkpoint, WeightLayout.Head.LANGUAGE_MODEL, settings);
        }
        Transformer model = new Transformer(
                checkpoint.config(), WeightLayout.Head.LANGUAGE_MODEL, settings, null, form, Transformer::allocate);
        try {
            model.slices().forEach(checkpoint::read);
            return model;
        } catch (RuntimeException e) {
            model.close();
            throw e;
        }
    }

    private static Transformer withFreshAdapters(ModelSettings settings, SharedBase shared) {
        Transformer model = withAdapters(settings, shared);
        model.resetAdapters();
        return model;
    }

    /** A model with adapters of no particular values. */
    private static Transformer withAdapters(ModelSettings settings, SharedBase shared) {
        Transformer base = shared.acquire();
        return new Transformer(
                base.config,
                base.head,
                settings,
                shared,
                base.form,
                (manager, fused) -> WeightLayout.isAdapter(fused) ? allocate(manager, fused) : base.of(fused));
    }

    private static boolean isHead(WeightLayout.Fused fused) {
        return fused.parts().get(0).name().startsWith("score.");
    }

    /**
     * Fresh weights: norms 1, biases and scores 0, the rest Gaussian with deviation 0.02 for embeddings, 0.02 sqrt(768 /
     * hidden size) for projections, and that over sqrt(2 layers) for those added to the residual stream (as GPT-2).
     */
    static Transformer random(ModelConfig config, WeightLayout.Head head, long seed, ModelSettings settings) {
        if (head == WeightLayout.Head.LANGUAGE_MODEL && settings.adapter() != null) {
            Supplier<Transformer> fresh = () -> random(config, head, seed, settings.withAdapter(null));
            return withFreshAdapters(settings, new SharedBase(fresh, () -> {
                try (Transformer base = fresh.get()) {
                    return Safetensors.sha256(base.slices());
                }
            }));
        }
        Transformer model = new Transformer(config, head, settings, Transformer::allocate);
        SplittableRandom seeds = new SplittableRandom(seed);
        double projection = 0.02 * Math.sqrt(768.0 / config.hiddenSize());
        for (int i = 0; i < model.weights.size(); i++) {
            WeightLayout.Fused fused = model.layout.tensors().get(i);
            NDArray tensor = model.weights.get(i);
            SplittableRandom random = seeds.split();
            switch (fused.initial()) {
                case ZEROS -> fill(tensor, () -> 0);
                case ONES -> fill(tensor, () -> 1);
                case EMBEDDING -> fillGaussian(tensor, 0.02, random);
                case PROJECTION -> fillGaussian(tensor, projection, random);
                case RESIDUAL -> fillGaussian(tensor, projection / Math.sqrt(2.0 * config.layers()), random);
                case ADAPTER -> throw new IllegalStateException("an adapter among the weights of the base");
            }
        }
        return model;
    }

    /** Gives the adapters their start values; see {@link LoraSettings}. */
    private void resetAdapters() {
        LoraSettings adapter = settings.adapter();
        if (adapter == null) {
            return;
        }
        SplittableRandom seeds = new SplittableRandom(adapter.seed());
        for (int i = 0; i < weights.size(); i++) {
            WeightLayout.Fused fused = layout.tensors().get(i);
            if (WeightLayout.isAdapter(fused)) {
                SplittableRandom random = seeds.split();
                if (fused.initial() == WeightLayout.Initial.ADAPTER) {
                    double bound = 1 / Math.sqrt((double) fused.shape()[1]);
                    fill(weights.get(i), () -> random.nextDouble(-bound, bound));
                } else {
                    fill(weights.get(i), () -> 0);
                }
            }
        }
    }

    /** A model with its own copy of the weights that are trained, on the same device; those of the base are shared. */
    Transformer copy() {
        if (shared == null) {
            return copyWithoutAdapter();
        }
        Transformer copy = withAdapters(settings, shared);
        copy(trained, copy.trained);
        return copy;
    }

    /** The model before any training, in as little memory as possible: the base if it has adapters, or a copy. */
    Transformer reference() {
        if (shared == null) {
            return copyWithoutAdapter();
        }
        Transformer base = shared.acquire();
        return new Transformer(
                config, head, settings.withAdapter(null), shared, base.form, (to, fused) -> base.of(fused));
    }

    /**
     * A model without adapters that computes the same: they are added to its own copy of the base's weights.
     *
     * @param source the checkpoint that the base was loaded from; null if its weights were fresh
     */
    Transformer merged(@Nullable Checkpoint source) {
        // Converted weights are not those of the checkpoint any more.
        Transformer merged = form != WeightForm.TRAINABLE && source != null
                ? load(source, head, new ModelSettings(settings.device(), ModelSettings.Precision.FLOAT32))
                : copyWithoutAdapter();
        if (settings.adapter() != null) {
            program.run("merge", weightsArgument, merged.weightsArgument).close();
        }
        return merged;
    }

    private Transformer copyWithoutAdapter() {
        Transformer copy = new Transformer(config, head, settings.withAdapter(null), Transformer::allocate);
        copy(base(weights), copy.weights);
        return copy;
    }

    /** The weight of this model that a part of a layout names. */
    private NDArray of(WeightLayout.Fused fused) {
        String name = fused.parts().get(0).name();
        for (int i = 0; i < weights.size(); i++) {
            if (layout.tensors().get(i).parts().get(0).name().equals(name)) {
                return weights.get(i);
            }
        }
        throw new IllegalArgumentException("No weight " + name);
    }

    private static void copy(NDList from, NDList to) {
        for (int i = 0; i < from.size(); i++) {
            Tensors.copy(from.get(i), to.get(i));
        }
    }

    /** Those of some tensors, one for each weight, that belong to the base model. */
    private NDList base(NDList tensors) {
        NDList base = new NDList();
        for (int i = 0; i < tensors.size(); i++) {
            if (!WeightLayout.isAdapter(layout.tensors().get(i))) {
                base.add(tensors.get(i));
            }
        }
        return base;
    }

    private static void fillGaussian(NDArray tensor, double deviation, SplittableRandom random) {
        fill(tensor, () -> deviation * random.nextGaussian());
    }

    private static void fill(NDArray tensor, DoubleSupplier values) {
        try {
            Tensors.fill(tensor, 0, tensor.size(), window -> {
                FloatBuffer floats = window.asFloatBuffer();
                while (floats.hasRemaining()) {
                    floats.put((float) values.getAsDouble());
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Makes the table of the rotary embedding long enough for sequences of some length. It grows on demand: for all of a
     * model's 131,072 positions it would take up to 134 MB.
     */
    void reserve(int positions) {
        if (positions > table.positions()) {
            grow(positions);
        }
    }

    private synchronized void grow(int positions) {
        int from = table.positions();
        if (positions <= from) {
            return;
        }
        int blocks = (Math.max(positions, 2 * from) + TABLE_BLOCK - 1) / TABLE_BLOCK;
        int to = (int) Math.min((long) blocks * TABLE_BLOCK, config.maxPositions());
        // In blocks, so that the bits of a position do not depend on the length of the table.
        List<NDList> parts = new ArrayList<>(List.of(table.tensors()));
        for (int at = from; at < to; at += TABLE_BLOCK) {
            parts.add(tableOf(at, Math.min(at + TABLE_BLOCK, to)));
        }
        NDList joined = new NDList();
        for (int i = 0; i < table.tensors().size(); i++) {
            int tensor = i;
            joined.add(NDArrays.concat(
                    new NDList(parts.stream().map(part -> part.get(tensor)).toList()), 0));
        }
        parts.stream().skip(1).forEach(NDList::close);
        table = addTable(joined);
    }

    /** Keeps a table until the model is closed, since other threads may still read it when a longer one replaces it. */
    private Table addTable(NDList tensors) {
        tensors.forEach(tensor -> tensor.setName("table[]"));
        Table added = new Table((int) tensors.get(0).getShape().get(0), tensors, TorchProgram.list(tensors));
        tables.add(added);
        return added;
    }

    /** The rotary embedding's table for a range of positions. */
    private NDList tableOf(int from, int to) {
        // In single precision, as in the reference implementation: at far positions the difference is visible.
        RopeScaling scaling = config.ropeScaling();
        float[] frequencies = new float[config.headSize() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float frequency = 1f / (float) Math.pow(config.ropeTheta(), (float) (2 * i) / config.headSize());
            frequencies[i] = scaling == null ? frequency : scaling.scale(frequency);
        }
        float[] positions = new float[to - from];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = from + i;
        }
        try (NDManager scratch = manager.newSubManager()) {
            NDList arguments = new NDList(
                    Tensors.of(scratch, frequencies, new Shape(frequencies.length)),
                    Tensors.of(scratch, positions, new Shape(positions.length)));
            NDList result = program.record(scratch, "rotary", arguments);
            result.attach(manager);
            return result;
        }
    }

    /** Device and precision. */
    ModelSettings settings() {
        return settings;
    }

    ModelConfig config() {
        return config;
    }

    /**
     * Batches with a multiple of this many rows give a row the same bits, whatever the other rows are. Small matrix
     * products use other kernels, and so do the elements of a feed-forward layer after the last full vector.
     */
    int rowMultiple() {
        return Math.max(
                form == WeightForm.PACKED ? LEAST_PACKED_ROWS : LEAST_ROWS,
                VECTOR / gcd(VECTOR, config.intermediateSize()));
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    NDManager manager() {
        return manager;
    }

    TorchProgram program() {
        return program;
    }

    /** The weights, named for use as an argument of {@link TorchProgram#record}. */
    NDList weights() {
        return weights;
    }

    /**
     * The weights as matrix products need them, named for use as an argument of {@link TorchProgram#record}: themselves, or
     * with copies of the matrices in half precision, which are those of this moment.
     *
     * @param manager of the copies
     */
    NDList productWeights(NDManager manager) {
        boolean converted = form != WeightForm.TRAINABLE && settings.adapter() == null;
        if (converted || settings.precisionOf(config) != ModelSettings.Precision.BFLOAT16) {
            return products;
        }
        // DJL cannot look into tensors in half precision, only pass them on.
        NDList copies = program.record(manager, "halve", weights);
        copies.forEach(tensor -> tensor.setName("w[]"));
        return copies;
    }

    /** The rotary embedding's table, named for use as an argument of {@link TorchProgram#record}; see {@link #reserve}. */
    NDList table() {
        return table.tensors();
    }

    /** The weights as an argument of {@link TorchProgram#run}. */
    IValue weightsArgument() {
        return weightsArgument;
    }

    /** The rotary embedding's table as an argument of {@link TorchProgram#run}; see {@link #reserve}. */
    IValue tableArgument() {
        return table.argument();
    }

    /** The weights that are trained: those of the adapters if there are any, all otherwise. */
    NDList trained() {
        return trained;
    }

    /** The trained weights as an argument of {@link TorchProgram#run}. */
    IValue trainedArgument() {
        return trainedArgument;
    }

    /** The adapters; null if there are none. */
    @Nullable
    LoraSettings adapter() {
        return settings.adapter();
    }

    /** The trained weights as the tensors of a checkpoint, or of an adapter. */
    List<NamedSlice> slices() {
        return slices(settings.adapter() != null);
    }

    /** @param adapters whether the tensors are those of the adapters, or those of the base model */
    private List<NamedSlice> slices(boolean adapters) {
        List<NamedSlice> slices = new ArrayList<>();
        for (int i = 0; i < weights.size(); i++) {
            WeightLayout.Fused fused = layout.tensors().get(i);
            if (WeightLayout.isAdapter(fused) == adapters) {
                slices.addAll(slices(fused, weights.get(i), "", converted(i)));
            }
        }
        return slices;
    }

    private @Nullable ConvertedWeight converted(int i) {
        WeightLayout.Fused fused = layout.tensors().get(i);
        if (i == 0 && hasSecondHead()) {
            return new ConvertedWeight(program, fused, products.get(products.size() - 1), weights.get(0));
        }
        return form.converts(fused) ? new ConvertedWeight(program, fused, weights.get(i), null) : null;
    }

    /** What a file of the trained weights says besides them: for adapters, their scale and the weights they belong to. */
    SortedMap<String, String> metadata() {
        LoraSettings adapter = settings.adapter();
        return adapter == null || shared == null
                ? Collections.emptySortedMap()
                : new TreeMap<>(Map.of("base_sha256", shared.sha256(), "lora_alpha", Double.toString(adapter.alpha())));
    }

    /** A tensor of the shape of weight {@code i}, as the tensors of a checkpoint with a prefix before their names. */
    List<NamedSlice> slices(int i, NDArray tensor, String prefix) {
        return slices(layout.tensors().get(i), tensor, prefix, null);
    }

    /** The name of weight {@code i}, which may consist of several tensors of a checkpoint: that of the first. */
    String name(int i) {
        return layout.tensors().get(i).parts().get(0).name();
    }

    /** @param converted the weight, if the tensor does not have floats; null otherwise */
    private static List<NamedSlice> slices(
            WeightLayout.Fused fused, NDArray tensor, String prefix, @Nullable ConvertedWeight converted) {
        List<NamedSlice> slices = new ArrayList<>();
        long start = 0;
        for (WeightLayout.Part part : fused.parts()) {
            NamedSlice slice = new NamedSlice(prefix + part.name(), part.shape(), tensor, start, converted);
            slices.add(slice);
            start += slice.count();
        }
        return slices;
    }

    @Override
    public void close() {
        weightsArgument.close();
        trainedArgument.close();
        tables.forEach(each -> each.argument().close());
        program.close();
        manager.close();
        if (shared != null) {
            shared.release();
        }
    }
}

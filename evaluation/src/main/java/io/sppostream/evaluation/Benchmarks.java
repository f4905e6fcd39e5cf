package io.sppostream.evaluation;

import io.sppostream.feed.data.BuiltInDatasets;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.DatasetSource;
import io.sppostream.feed.data.FileDataset;
import io.sppostream.feed.data.FileDatasetSettings;
import io.sppostream.feed.data.PromptLimit;
import io.sppostream.feed.data.RowFormat;
import io.sppostream.log.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Benchmarks by what the command line calls them: a public one by its name, a built-in dataset, or a file. */
public final class Benchmarks {
    private Benchmarks() {}

    /**
     * Reads a benchmark.
     *
     * @param name a public benchmark, a built-in dataset, of which the held-out problems are asked, or a file
     * @param folder has the files of public benchmarks
     * @throws UserException if there is none, its file is missing or malformed
     */
    public static Benchmark open(String name, Path folder, BenchmarkFormat format) {
        Optional<PublicBenchmark> known = PublicBenchmark.of(name);
        if (known.isPresent()) {
            return open(known.get(), folder, format);
        }
        Optional<Dataset> builtIn = BuiltInDatasets.make(name);
        if (builtIn.isPresent()) {
            requireNoFormat(name, format);
            return new Benchmark(name, Benchmark.BUILT_IN, builtIn.get().heldOut(), List.of());
        }
        if (!name.contains(".") && !Files.exists(Path.of(name))) {
            throw new UserException("--benchmarks: there is no benchmark '" + name + "': there are "
                    + PublicBenchmark.ids() + ", the built-in datasets "
                    + String.join(", ", BuiltInDatasets.names()) + ", and files");
        }
        return read(DatasetSource.parse(name), format, "");
    }

    private static Benchmark open(PublicBenchmark benchmark, Path folder, BenchmarkFormat format) {
        Path file = benchmark
                .in(folder)
                .orElseThrow(() -> new UserException("benchmark " + benchmark.id() + ": there is no "
                        + folder.resolve(benchmark.id() + ".jsonl")
                        + " (nor .parquet): put it there, from the dataset " + benchmark.origin()
                        + " on Hugging Face"
                        + ", or name another folder with --data"));
        DatasetSource source = new DatasetSource(benchmark.id(), file.toString(), null);
        return read(List.of(source), format, PublicBenchmark.SUFFIX);
    }

    private static void requireNoFormat(String name, BenchmarkFormat format) {
        String suffix = format.suffix();
        if ((suffix != null && !suffix.isEmpty())
                || !format.system().isEmpty()
                || format.promptField() != null
                || format.answerField() != null) {
            throw new UserException(
                    "--system, --suffix, --prompt-field and --answer-field are for benchmarks in files: " + name
                            + " is a built-in dataset and brings its own prompts");
        }
    }

    private static Benchmark read(List<DatasetSource> sources, BenchmarkFormat format, String ownSuffix) {
        String suffix = format.suffix();
        // Nothing is held out, so that the "training" problems are all of the file, in its order.
        Dataset dataset = FileDataset.read(new FileDatasetSettings(
                sources,
                List.of(),
                0,
                new RowFormat(
                        format.promptField(),
                        format.answerField(),
                        null,
                        format.system(),
                        "",
                        suffix == null ? ownSuffix : suffix),
                PromptLimit.NONE,
                format.skipsBadRows(),
                false));
        return new Benchmark(dataset.name(), sources.get(0).location(), dataset.training(), dataset.notes());
    }
}

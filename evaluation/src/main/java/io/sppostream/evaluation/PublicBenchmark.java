package io.sppostream.evaluation;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A public benchmark that has a name here. Its file has the problem and its answer in fields that the loader of datasets
 * finds by itself: {@code problem}, {@code question} or {@code prompt}, and {@code answer} or a worked {@code solution}.
 *
 * @param id name on the command line
 * @param origin the dataset on Hugging Face
 * @param fileNames names of its file without the ending, the first is the id
 */
record PublicBenchmark(String id, String origin, List<String> fileNames) {
    /** Tells the model where to put its answer: the suffix of DAPO's and SPPO's prompts. */
    static final String SUFFIX = "Please output the final answer within \\boxed{}.";

    private static final List<String> ENDINGS = List.of(".jsonl", ".parquet", ".json");
    private static final List<PublicBenchmark> ALL = List.of(
            new PublicBenchmark("aime24", "HuggingFaceH4/aime_2024 or math-ai/aime24", List.of("aime24", "aime_2024")),
            new PublicBenchmark("aime25", "math-ai/aime25", List.of("aime25", "aime_2025")),
            new PublicBenchmark("amc23", "math-ai/amc23", List.of("amc23", "amc_2023")),
            new PublicBenchmark("math500", "HuggingFaceH4/MATH-500", List.of("math500", "math-500", "math_500")),
            new PublicBenchmark("minerva", "math-ai/minervamath", List.of("minerva", "minerva_math", "minervamath")),
            new PublicBenchmark("gsm8k", "openai/gsm8k (main, split test)", List.of("gsm8k", "gsm8k_test")));

    PublicBenchmark {
        fileNames = List.copyOf(fileNames);
    }

    /** The benchmark of a name; empty if there is none. */
    static Optional<PublicBenchmark> of(String id) {
        return ALL.stream().filter(benchmark -> benchmark.id.equals(id)).findFirst();
    }

    /** The names of all. */
    static String ids() {
        return ALL.stream().map(PublicBenchmark::id).collect(Collectors.joining(", "));
    }

    /** The file of the benchmark in a folder; empty if there is none. */
    Optional<Path> in(Path folder) {
        return fileNames.stream()
                .flatMap(name -> ENDINGS.stream().map(ending -> folder.resolve(name + ending)))
                .filter(Files::isRegularFile)
                .findFirst();
    }
}

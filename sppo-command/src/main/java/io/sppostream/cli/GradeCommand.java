package io.sppostream.cli;

import io.sppostream.grade.CaseGrading;
import io.sppostream.grade.ReferenceQuarantine;
import io.sppostream.grade.VerifierComparison;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.verify.math.GradingProfile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** {@code ./sppo grade}: grades JSON Lines without a cluster. */
@Command(
        name = "grade",
        description =
                "Grade answers: read JSON Lines with gold and prediction, or gold and response, and print verdicts.",
        mixinStandardHelpOptions = true)
final class GradeCommand implements Callable<Integer> {
    private static final String STANDARD_INPUT = "standard input";

    /** The input; standard input if no file is given. */
    static final class Input {
        @Option(
                names = "--cases",
                paramLabel = "FILE",
                description = "File of cases to grade; standard input if omitted.")
        private @Nullable Path cases;

        @Option(
                names = "--check-references",
                paramLabel = "FILE",
                description =
                        "Check the reference answers of this dataset instead, and list those that no response can be judged by.")
        private @Nullable Path references;
    }

    /** Parses a profile by the name that configurations use. */
    static final class Profiles implements ITypeConverter<GradingProfile> {
        @Override
        public GradingProfile convert(String id) {
            try {
                return GradingProfile.parse(id);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(String.valueOf(e.getMessage()));
            }
        }
    }

    @ArgGroup
    private Input input = new Input();

    @Option(
            names = "--profile",
            paramLabel = "PROFILE",
            defaultValue = "math",
            converter = Profiles.class,
            description =
                    "math, math-verify, gsm8k, gsm8k-strict, gsm8k-flexible, minerva, verbatim, choice or sppo-compat"
                            + " (default: ${DEFAULT-VALUE}).")
    private GradingProfile profile = GradingProfile.MATH;

    @Option(
            names = "--answer-field",
            paramLabel = "FIELD",
            defaultValue = "gold,answer",
            split = ",",
            description = "Fields of the reference to check, in order of preference (default: ${DEFAULT-VALUE}).")
    private List<String> answerFields = List.of();

    @Option(
            names = "--compare",
            paramLabel = "VERIFIER",
            split = ",",
            description = "Print the cases on which these verifiers, given by name, disagree instead.")
    private List<String> compared = List.of();

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "YAML file with settings of the verifiers to compare.")
    private @Nullable Path config;

    @Option(names = "--set", paramLabel = "SETTING=VALUE", description = "A setting of the verifiers to compare.")
    private Map<String, String> settings = new HashMap<>();

    @Override
    public Integer call() {
        System.err.println(compared.isEmpty() ? count(input.cases, input.references) : disagreements(input));
        return 0;
    }

    private String disagreements(Input input) {
        if (compared.size() < 2 || input.references != null) {
            throw new UserException(
                    "--compare takes two or more verifiers and cases to compare them on: --compare math,exact");
        }
        Map<String, String> flags = new HashMap<>(settings);
        flags.put(SettingsDefinition.RUN, "grade");
        RunSettings effective =
                Configuration.load(config, System.getenv(), flags).settings();
        try (VerifierComparison comparison = new VerifierComparison(RewardFactory.named(effective, compared))) {
            Path cases = input.cases;
            return cases == null
                    ? comparison.compare(STANDARD_INPUT, System.in, System.out)
                    : read(cases, in -> comparison.compare(cases.toString(), in, System.out));
        }
    }

    private String count(@Nullable Path cases, @Nullable Path references) {
        if (references != null) {
            ReferenceQuarantine quarantine = new ReferenceQuarantine(profile, answerFields);
            return read(references, in -> quarantine.check(references.toString(), in, System.out));
        }
        CaseGrading grading = new CaseGrading(profile);
        return cases == null
                ? grading.grade(STANDARD_INPUT, System.in, System.out)
                : read(cases, in -> grading.grade(cases.toString(), in, System.out));
    }

    private static String read(Path file, Function<InputStream, String> reading) {
        try (InputStream in = Files.newInputStream(file)) {
            return reading.apply(in);
        } catch (IOException e) {
            throw new UserException(
                    file + " can't be read: " + (Files.exists(file) ? e.getMessage() : "there is no such file"));
        }
    }
}

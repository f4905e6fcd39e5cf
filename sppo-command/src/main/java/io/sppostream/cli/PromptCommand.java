package io.sppostream.cli;

import io.sppostream.feed.data.BuiltInDatasets;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.Problem;
import io.sppostream.learn.PromptTokens;
import io.sppostream.log.UserException;
import io.sppostream.model.ChatMessage;
import io.sppostream.model.Tokenizer;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.Datasets;
import io.sppostream.run.config.RunSettings;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.models.Models;
import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo prompt}: what a dataset holds, and what the model is asked. */
@Command(
        name = "prompt",
        description =
                "Read a dataset as ./sppo train would, with the same options: count its problems and say which rows"
                        + " are skipped. --show prints prompts as the model sees them.",
        mixinStandardHelpOptions = true)
final class PromptCommand implements Callable<Integer> {
    /** Prompts whose tokens are counted: enough to know the lengths, few enough not to wait. */
    private static final int MEASURED = 1000;

    private static final int TOKENS_PER_LINE = 8;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Option(
            names = "--show",
            paramLabel = "N",
            arity = "0..1",
            fallbackValue = "1",
            defaultValue = "0",
            description = "Print the first N prompts with the chat template, their tokens and their references; 1 if no"
                    + " number is given.")
    private int shown;

    @Option(names = "--held-out", description = "Show held-out prompts instead of training prompts.")
    private boolean heldOut;

    @Override
    public Integer call() {
        if (shown < 0) {
            throw new UserException("--show must not be below 0");
        }
        Configuration configuration = options.load("prompt");
        RunSettings settings = configuration.settings();
        Dataset dataset = Datasets.open(settings);
        PrintStream out = System.out;
        out.printf(
                Locale.ROOT,
                "dataset %s: %,d training problems, %,d held out; verifier %s%n",
                dataset.name(),
                dataset.training().size(),
                dataset.heldOut().size(),
                configuration.effective().get(SettingsDefinition.VERIFIER));
        dataset.notes().forEach(out::println);
        List<Problem> problems = heldOut ? dataset.heldOut() : dataset.training();
        if (settings.policyModel().isEmpty() && !BuiltInDatasets.names().contains(settings.dataset())) {
            show(problems, dataset.name(), null);
            out.println("give --model to see the chat template and the tokens");
        } else {
            try (Tokenizer tokenizer = Models.policy(settings).tokenizer()) {
                show(problems, dataset.name(), tokenizer);
                out.println(lengths(problems, tokenizer));
            }
        }
        return 0;
    }

    private void show(List<Problem> problems, String dataset, @Nullable Tokenizer tokenizer) {
        problems.stream().limit(shown).forEach(problem -> System.out.print(text(problem, dataset, tokenizer)));
    }

    private static String text(Problem problem, String dataset, @Nullable Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder("\nprompt " + TerminalText.printable(problem.id()) + " of "
                + (problem.dataset() == null ? dataset : TerminalText.printable(problem.dataset())) + ", reference "
                + TerminalText.printable(problem.reference()) + "\n");
        List<ChatMessage> conversation = PromptTokens.conversation(problem.messages());
        if (tokenizer == null) {
            conversation.forEach(message ->
                    text.append("--- " + TerminalText.printable(message.role()) + "\n" + lines(message.content())));
            return text.toString();
        }
        int[] tokens = tokenizer.encodePrompt(conversation);
        text.append("--- as the model sees it\n" + lines(tokenizer.renderPrompt(conversation)));
        text.append("--- " + tokens.length + " tokens, as ID 'TEXT'; the text of a special token is not shown\n");
        for (int i = 0; i < tokens.length; i++) {
            text.append(tokens[i] + " '" + TerminalText.printable(tokenizer.decode(new int[] {tokens[i]})) + "'");
            text.append(i % TOKENS_PER_LINE == TOKENS_PER_LINE - 1 || i == tokens.length - 1 ? "\n" : " ");
        }
        return text.toString();
    }

    /** A text of several lines that is safe to print. */
    private static String lines(String text) {
        StringBuilder lines = new StringBuilder();
        text.lines().forEach(line -> lines.append(TerminalText.printable(line)).append('\n'));
        return lines.toString();
    }

    private static String lengths(List<Problem> problems, Tokenizer tokenizer) {
        IntSummaryStatistics tokens = problems.stream()
                .limit(MEASURED)
                .mapToInt(problem -> PromptTokens.of(tokenizer, problem.messages()).length)
                .summaryStatistics();
        return String.format(
                Locale.ROOT,
                "tokens of the first %,d prompts: mean %.1f, longest %,d",
                tokens.getCount(),
                tokens.getAverage(),
                tokens.getMax());
    }
}

package io.sppostream.cli;

import io.sppostream.run.config.SettingsReference;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code ./sppo config}: the reference of settings. */
@Command(name = "config", description = "List all settings, or describe one.", mixinStandardHelpOptions = true)
final class ConfigCommand implements Callable<Integer> {
    /** Another form than the list of all settings. */
    static final class Form {
        @Option(names = "--describe", paramLabel = "KEY", description = "Describe one setting.")
        private @Nullable String key;

        @Option(names = "--markdown", description = "Print the reference as Markdown: docs/configuration.md.")
        private boolean markdown;
    }

    @ArgGroup
    private Form form = new Form();

    @Override
    public Integer call() {
        System.out.print(text());
        return 0;
    }

    private String text() {
        if (form.markdown) {
            return SettingsReference.markdown();
        }
        return form.key == null ? SettingsReference.text() : SettingsReference.describe(form.key);
    }
}

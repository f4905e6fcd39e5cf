package io.sppostream.compare;

import io.sppostream.log.UserException;
import io.sppostream.run.Budget;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.SettingsDefinition;
import io.sppostream.run.report.Summary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The settings of the runs of a comparison. Every run has a folder of its own in the comparison's: its summary, its
 * figures, its output and, in {@code data}, its log.
 *
 * @param file YAML file of settings for all runs; null for none
 * @param environment the environment of the process
 * @param common settings of all runs, by name
 * @param folder the folder of the comparison
 */
public record CellSettings(
        @Nullable Path file, Map<String, String> environment, Map<String, String> common, Path folder, Budget budget) {
    /** Settings that the comparison decides itself. */
    private static final List<String> DECIDED = List.of(
            SettingsDefinition.RUN,
            SettingsDefinition.SEED,
            SettingsDefinition.STEPS,
            SettingsDefinition.DATA_DIR,
            SettingsDefinition.RUNS_DIR,
            SettingsDefinition.ESTIMATOR);

    /** Settings in which a finished run may differ from the same run as it would be started now. */
    private static final Set<String> PLACES = Set.of(
            SettingsDefinition.STEPS,
            SettingsDefinition.DATA_DIR,
            SettingsDefinition.RUNS_DIR,
            SettingsDefinition.BROKER_PORT,
            SettingsDefinition.REGISTRY_PORT);

    /** A limit on the steps if the budget is one of time: the time ends the run. */
    private static final int MANY_STEPS = 1_000_000;

    private static final String ESTIMATOR_SETTINGS = SettingsDefinition.ESTIMATOR + ".";
    private static final String KAFKA = "kafka.";

    public CellSettings {
        common = Map.copyOf(common);
        for (String name : DECIDED) {
            if (common.containsKey(name)) {
                throw new UserException("a comparison decides '" + name + "' itself: leave it out");
            }
        }
    }

    /** The folder of a run. */
    Path folder(Cell cell) {
        return folder.resolve(cell.run());
    }

    /** The summary of a run, which may not exist. */
    Path summary(Cell cell) {
        return Summary.file(folder(cell));
    }

    /**
     * The settings that are given to a run, by name.
     *
     * @throws UserException if a setting is unknown or not valid
     */
    public Map<String, String> given(Cell cell) {
        Map<String, String> given = new TreeMap<>(common);
        cell.variant().settings().forEach((name, value) -> given.put(settingName(name), value));
        for (String name : DECIDED) {
            if (given.containsKey(name)) {
                throw new UserException(
                        "'" + cell.variant().name() + "': a comparison decides '" + name + "' itself: leave it out");
            }
        }
        if (cell.rate() != null) {
            if (given.put(SettingsDefinition.POLICY_LEARNING_RATE, Double.toString(cell.rate())) != null) {
                throw new UserException("--rates gives " + SettingsDefinition.POLICY_LEARNING_RATE
                        + ": leave it out of the other settings");
            }
        }
        given.put(SettingsDefinition.ESTIMATOR, cell.variant().estimator());
        given.put(SettingsDefinition.RUN, cell.run());
        given.put(SettingsDefinition.SEED, Long.toString(cell.seed()));
        given.put(SettingsDefinition.RUNS_DIR, folder.toString());
        given.put(SettingsDefinition.DATA_DIR, folder(cell).resolve("data").toString());
        given.put(SettingsDefinition.STEPS, Integer.toString(steps(given)));
        return given;
    }

    /** The name of a setting that is written in the brackets of a variant: a setting of the run, or of its estimator. */
    private static String settingName(String name) {
        boolean ofRun = SettingsDefinition.names().contains(name)
                || name.startsWith(ESTIMATOR_SETTINGS)
                || name.startsWith("verifier")
                || name.startsWith(KAFKA);
        return ofRun ? name : ESTIMATOR_SETTINGS + name;
    }

    /** Each step settles a batch of rollouts at least, so that these steps spend the budget. */
    private int steps(Map<String, String> given) {
        int batch = Configuration.load(file, environment, given).settings().batchSize();
        return budget.rollouts() == null
                ? MANY_STEPS
                : (int) Math.min(MANY_STEPS, (budget.rollouts() + batch - 1) / batch);
    }

    /** The configuration of a run. */
    public Configuration configuration(Cell cell) {
        return Configuration.load(file, environment, given(cell));
    }

    /**
     * The settings in which a recorded run differs from the same run as it would be started now, as {@code name: recorded
     * -> now}. The budget and places of files are not among them, nor are properties of clients.
     */
    List<String> differences(Cell cell, CellResult recorded) {
        List<String> differences = new ArrayList<>();
        configuration(cell).effective().forEach((name, value) -> {
            String now = String.valueOf(value);
            String before = recorded.settings().get(name);
            if (!PLACES.contains(name) && !name.startsWith(KAFKA) && !Objects.equals(before, now)) {
                differences.add(name + ": " + (before == null ? "not set" : before) + " -> " + now);
            }
        });
        return differences;
    }
}

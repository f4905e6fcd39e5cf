package io.sppostream.estimator.builtin;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.EstimatorFactory;
import io.sppostream.estimator.EstimatorSettings;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** All known estimators by name: the built-in ones, and those that a class loader finds. */
public final class EstimatorCatalogue {
    private static final List<EstimatorFactory> BUILT_IN = List.of(
            SppoEstimator.FACTORY,
            PpoEstimator.FACTORY,
            GrpoEstimator.FACTORY,
            RlooEstimator.FACTORY,
            RemaxEstimator.FACTORY,
            VinePpoEstimator.FACTORY,
            SpoChainEstimator.FACTORY,
            SpoTreeEstimator.FACTORY,
            RestEmEstimator.FACTORY,
            DpoPositiveEstimator.FACTORY);

    private final Map<String, EstimatorFactory> byName;

    private EstimatorCatalogue(Map<String, EstimatorFactory> byName) {
        this.byName = byName;
    }

    /** The built-in estimators and those on the class path. */
    public static EstimatorCatalogue open() {
        return open(EstimatorCatalogue.class.getClassLoader());
    }

    /**
     * The built-in estimators and those that a class loader finds, for example that of the jars in a plugins folder.
     *
     * @throws IllegalArgumentException if a class cannot be loaded, or two estimators have the same name
     */
    public static EstimatorCatalogue open(ClassLoader plugins) {
        Map<String, EstimatorFactory> byName = new LinkedHashMap<>();
        BUILT_IN.forEach(factory -> add(byName, factory));
        Iterator<EstimatorFactory> found =
                ServiceLoader.load(EstimatorFactory.class, plugins).iterator();
        try {
            while (found.hasNext()) {
                add(byName, found.next());
            }
        } catch (ServiceConfigurationError | LinkageError e) {
            Throwable cause = e.getCause();
            throw new IllegalArgumentException(
                    "an estimator can't be loaded: " + e.getMessage() + (cause == null ? "" : " (" + cause + ")"), e);
        }
        return new EstimatorCatalogue(byName);
    }

    private static void add(Map<String, EstimatorFactory> byName, EstimatorFactory factory) {
        EstimatorFactory other = byName.putIfAbsent(factory.name(), factory);
        if (other != null) {
            throw new IllegalArgumentException("two estimators are called '" + factory.name() + "': " + origin(other)
                    + " and " + origin(factory) + ": rename or remove one");
        }
    }

    private static String origin(EstimatorFactory factory) {
        CodeSource source = factory.getClass().getProtectionDomain().getCodeSource();
        return BUILT_IN.contains(factory)
                ? "the built-in one"
                : factory.getClass().getName()
                        + (source == null || source.getLocation() == null
                                ? ""
                                : " of "
                                        + Path.of(source.getLocation().getPath())
                                                .getFileName());
    }

    /** The factories, the built-in ones first. */
    public List<EstimatorFactory> factories() {
        return List.copyOf(byName.values());
    }

    /**
     * The factory of an estimator.
     *
     * @throws IllegalArgumentException if there is none of that name; the message lists all names
     */
    public EstimatorFactory find(String name) {
        EstimatorFactory factory = byName.get(name);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "there is no estimator '" + name + "'; there are: " + String.join(", ", byName.keySet()));
        }
        return factory;
    }

    /**
     * An estimator with settings; those that are not given have their defaults.
     *
     * @param settings texts by the names of settings
     * @throws IllegalArgumentException if there is no estimator of that name, or a setting is unknown or not valid; the
     *     message says which and why
     */
    public AdvantageEstimator create(String name, Map<String, String> settings) {
        EstimatorFactory factory = find(name);
        try {
            return factory.create(EstimatorSettings.parse(factory.settings(), settings));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("estimator '" + name + "': " + e.getMessage(), e);
        }
    }
}

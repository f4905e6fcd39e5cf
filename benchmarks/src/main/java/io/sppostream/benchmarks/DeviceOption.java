package io.sppostream.benchmarks;

import io.sppostream.log.UserException;
import io.sppostream.model.ModelSettings;
import picocli.CommandLine.Option;

/** The option {@code --device}, which benchmarks of models share. */
final class DeviceOption {

    @Option(
            names = "--device",
            defaultValue = "cpu",
            description = "cpu, gpu or gpu:INDEX (default: ${DEFAULT-VALUE}).")
    private String device = "";

    /**
     * The settings of a model on the device.
     *
     * @throws UserException if the machine has no such device
     */
    ModelSettings settings(ModelSettings.Precision precision) {
        try {
            ModelSettings settings = new ModelSettings(device, precision);
            String obstacle = settings.obstacle();
            if (obstacle != null) {
                throw new UserException("--device " + device + ": " + obstacle);
            }
            return settings;
        } catch (IllegalArgumentException e) {
            throw new UserException("--device: " + e.getMessage());
        }
    }

    /** The argument of the peers' scripts for the same device, as PyTorch names it. */
    String ofPeers() {
        return "--device=" + device.replace("gpu", "cuda");
    }

    /** The device, as the option was given. */
    @Override
    public String toString() {
        return device;
    }
}

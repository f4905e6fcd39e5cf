package io.sppostream.feed.data;

import java.util.List;

/**
 * Settings of a {@link FileDataset}.
 *
 * @param sources files of the problems
 * @param validation files of held-out problems; empty if they are held out of the sources
 * @param heldOut maximum number of problems to hold out of the sources; a tenth of them at most
 * @param format how a row becomes a problem
 * @param limit the longest prompt
 * @param skipsBadRows whether rows that are no problems are skipped; false if they are refused
 * @param shuffles whether each epoch is shuffled; false if it has the order of the files
 */
public record FileDatasetSettings(
        List<DatasetSource> sources,
        List<DatasetSource> validation,
        int heldOut,
        RowFormat format,
        PromptLimit limit,
        boolean skipsBadRows,
        boolean shuffles) {
    public FileDatasetSettings {
        sources = List.copyOf(sources);
        validation = List.copyOf(validation);
    }

    /** Settings for a file as it is, without a limit; bad rows are refused. */
    static FileDatasetSettings of(String file, int heldOut) {
        return new FileDatasetSettings(
                DatasetSource.parse(file), List.of(), heldOut, RowFormat.USUAL, PromptLimit.NONE, false, true);
    }
}

/** Models of a run: where they come from, and how a start policy is pretrained. */
@NullMarked
package io.sppostream.run.models;

import org.jspecify.annotations.NullMarked;

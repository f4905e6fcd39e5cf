/** The main job: all roles in one process, watched until the steps are done. */
@NullMarked
package io.sppostream.run;

import org.jspecify.annotations.NullMarked;

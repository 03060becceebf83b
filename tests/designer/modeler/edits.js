// What designers do to the SOP's diagram, each by the modeler's own commands, which are what its mouse gestures call.

const edits = {
  nothing() {},

  move_shape(modeler) {
    const task = shape(modeler, "rapat_koordinasi");
    modeler.get("modeling").moveElements([task], { x: 25, y: 5 });
  },

  move_to_another_lane(modeler) {
    modeler.get("modeling").moveElements([shape(modeler, "penyusunan_konsep")], { x: 0, y: -245 });
  },

  rename_task(modeler) {
    modeler.get("modeling").updateLabel(shape(modeler, "rapat_koordinasi"), "Memimpin rapat koordinasi");
  },

  // Dropped onto an arrow, a new task is put between its ends. The ids are chosen lest they be random.
  add_task(modeler) {
    const modeling = modeler.get("modeling");
    const task = modeler.get("elementFactory").createShape({ type: "bpmn:UserTask" });
    modeling.createShape(task, { x: 980, y: 550 }, shape(modeler, "alur_konsep_diajukan"));
    modeling.updateProperties(task, { id: "perapian_konsep", name: "Merapikan konsep" });
    modeling.updateProperties(task.outgoing[0], { id: "alur_konsep_dirapikan" });
  },

  // The menu with the wrench: to another type, and back when that was a mistake.
  change_type_and_back(modeler) {
    const replace = modeler.get("bpmnReplace");
    const manual = replace.replaceElement(shape(modeler, "unggah_esr"), { type: "bpmn:ManualTask" });
    replace.replaceElement(manual, { type: "bpmn:UserTask" });
  },

  // A copy is pasted beside a task, the task deleted, and the copy dropped onto the arrow that closed the gap.
  put_a_copy_in_its_place(modeler) {
    const [modeling, copyPaste] = [modeler.get("modeling"), modeler.get("copyPaste")];
    const task = shape(modeler, "unggah_esr");
    copyPaste.copy([task]);
    const [copy] = copyPaste.paste({ element: task.parent, point: { x: 1690, y: 760 } });
    modeling.removeElements([task]);
    modeling.moveElements([copy], { x: -250, y: -110 }, shape(modeler, "alur_ke_unggah_esr"));
  },
};

function shape(modeler, id) {
  return modeler.get("elementRegistry").get(id);
}

// Opens a diagram, edits it and gives what the modeler saves; fails where opening it gave a warning.
async function redraw([diagram, edit]) {
  const modeler = new BpmnJS({ container: "#canvas" });
  try {
    const { warnings } = await modeler.importXML(diagram);
    if (warnings.length > 0) throw new Error(warnings.map(({ message }) => message).join("; "));
    edits[edit](modeler);
    return (await modeler.saveXML({ format: true })).xml;
  } finally {
    modeler.destroy();
  }
}

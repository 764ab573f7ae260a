// Shows the picture before the form is sent.
const picture = document.getElementById('picture')
const preview = document.getElementById('preview')
const noPreview = document.getElementById('no-preview')

function showChosen() {
  const [file] = picture.files
  if (preview.src) URL.revokeObjectURL(preview.src)
  if (file) preview.src = URL.createObjectURL(file)
  preview.hidden = !file
  noPreview.hidden = Boolean(file)
}

picture.addEventListener('change', showChosen)
// The customer may have chosen a picture before this script ran.
showChosen()
